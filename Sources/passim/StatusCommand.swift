internal import ArgumentParser
internal import PassimBus
internal import PassimCore
internal import PassimSystem

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Is all well? Print what is wrong, what is shared, and who can find it.",
        discussion: """
            The first word is the verdict: OK, WARNING, ERROR, SCANNING or EMPTY. At most 15 lines are printed; --all \
            prints every trouble and every directory. With a filter, --offset or --limit files follow, ten where \
            --limit does not say otherwise. With --json: one object with verdict, problems (severity, kind, subject, \
            what, why, do), what the daemon tells of itself and of each directory, sizes in bytes, and the files in \
            listing, as list --json has them.

            Exit status: 2 with an error; else 0, with warnings too; or 1 on any failure.
            """)

    @OptionGroup var selection: ItemSelection

    @Flag(help: "Print all troubles and all directories.")
    var all = false

    @Flag(help: "Print JSON.")
    var json = false

    /// Something keeps others from what is to be shared.
    static let fault: CInt = 2

    func run() throws {
        let output = Output()
        let client = try BusClient()
        let properties = try client.properties()
        let printer = ItemPrinter(client: client, selection: selection, limit: 10)
        if json {
            var json = JSONWriter()
            json.beginObject()
            json.properties(properties)
            json.lineBreak()
            json.key("listing")
            json.beginObject()
            try printer.write(&json, to: output)
            json.end()
            json.end()
            try output.write(json.take() + [0x0A])
        } else {
            let style = Style()
            let text = StatusText(
                properties, style, isWhole: all, width: all ? nil : StandardStream.output.columns,
                now: wallClock().seconds)
            for line in text.lines { try output.line(line) }
            if selection.isGiven {
                try output.line()
                try printer.printText(to: output, style)
            }
        }
        try output.flush()
        let hasError = properties.mirror.map { Health(properties, $0).verdict == .error } ?? false
        if hasError { throw ExitCode(StatusCommand.fault) }
    }
}
