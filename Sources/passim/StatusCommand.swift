internal import ArgumentParser
internal import PassimBus
internal import PassimCore

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Print what the daemon does, and some of what it shares.",
        discussion: """
            Ten items are shown where --limit does not say otherwise. With --json: one object with what the daemon \
            tells of itself and of each directory, sizes in bytes, and the items in listing, as list --json \
            has them.

            Exit status: 2 where a directory that is configured is missing, or its drop-in is in error; else 0, \
            or 1 on any failure.
            """,
        aliases: ["dump"])

    @OptionGroup var selection: ItemSelection

    @Flag(help: "Print JSON.")
    var json = false

    /// A directory that is configured is missing or in error.
    static let directoryFault: CInt = 2

    func run() throws {
        let output = Output()
        let client = try BusClient()
        let properties = try client.properties()
        let listing = ItemListing(client: client, selection: selection, limit: 10)
        if json {
            var json = JSONWriter()
            json.beginObject()
            json.properties(properties)
            json.lineBreak()
            json.key("listing")
            json.beginObject()
            try listing.write(&json, to: output)
            json.end()
            json.end()
            try output.write(json.take() + [0x0A])
        } else {
            let style = Style()
            for line in StatusText(properties, style).lines { try output.line(line) }
            try output.line()
            try listing.printText(to: output, style)
        }
        try output.flush()
        if properties.mirror?.directories.contains(where: \.isFaulty) ?? false {
            throw ExitCode(StatusCommand.directoryFault)
        }
    }
}

extension DirectoryStatus {
    /// Nothing of it can be shared now.
    var isFaulty: Bool {
        switch state {
        case .missing, .failed: true
        case .scanning, .watching, .polling: false
        }
    }
}
