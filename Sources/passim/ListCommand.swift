internal import ArgumentParser
internal import PassimBus
internal import PassimSystem

struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print the files that this machine shares.",
        discussion: """
            With --json: one object with total, offset and items, each on a line of its own, with hash, filename, \
            size (bytes), cmdline, ctime (Unix seconds), max_age (seconds) and share_limit (both null where there \
            is no limit), share_count, disabled and next_reboot.
            """)

    @OptionGroup var selection: ItemSelection

    @Flag(help: "Print names and digests in full, also on a terminal.")
    var wide = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let output = Output()
        let printer = ItemPrinter(client: try BusClient(), selection: selection)
        if json {
            var json = JSONWriter()
            json.beginObject()
            try printer.write(&json, to: output)
            json.end()
            try output.write(json.take() + [0x0A])
        } else {
            try printer.printText(
                to: output, Style(), width: wide ? nil : StandardStream.output.columns)
        }
        try output.flush()
    }
}
