internal import ArgumentParser
internal import PassimBus
internal import PassimCore

struct DumpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump", abstract: "Print every file in one line, for scripts.",
        discussion: """
            HASH NAME (max-age: N, share-count: N, share-limit: N): numbers as on the bus, 4294967295 for no limit.
            """)

    @OptionGroup var selection: ItemSelection

    func run() throws {
        let output = Output()
        try selection.forEachPage(of: try BusClient()) { items, _ in
            for item in items { try output.line(DumpCommand.line(item)) }
        }
        try output.flush()
    }

    static func line(_ item: ItemDescription) -> String {
        """
        \(item.digest.hex) \(item.filename) (max-age: \(item.lifetime.maxAge), share-count: \(item.shareCount), \
        share-limit: \(item.lifetime.shareLimit))
        """
    }
}
