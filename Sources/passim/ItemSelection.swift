internal import ArgumentParser
internal import PassimBus
internal import PassimCore

/// Which items of the listing are shown.
struct ItemSelection: ParsableArguments {
    @Argument(help: "Part of a name, or the beginning of a digest.")
    var filter = ""

    @Option(help: "Leave out so many items at the beginning.")
    var offset: UInt64 = 0

    @Option(help: "Show so many items at most.")
    var limit: UInt64?

    /// True if the user has narrowed it.
    var isGiven: Bool { !filter.isEmpty || offset > 0 || limit != nil }

    /// Items that are asked for at once: some 2 MB, of the 32 MiB that a message of the system bus may have.
    private static let page: UInt32 = 4096

    /// Asks for all that are selected, page after page.
    ///
    /// - Parameter defaultLimit: where none was given.
    /// - Parameter body: called for each page, and at least once; with how many all pages together would have
    ///   without offset and limit.
    func forEachPage(
        of client: BusClient, limit defaultLimit: UInt64 = .max,
        _ body: (_ items: [ItemDescription], _ total: UInt64) throws -> Void
    ) throws {
        var position = offset
        var left = limit ?? defaultLimit
        var isFirst = true
        var before: [ItemDescription] = []
        while isFirst || left > 0 {
            let wanted = UInt32(clamping: min(left, UInt64(ItemSelection.page)))
            let (items, total) = try client.items(offset: position, limit: wanted, filter: filter)
            // A total that is a lie must not lead round in circles: the same page again is the end, and so is one that
            // is shorter than it could be.
            if !isFirst, items.isEmpty || items == before { return }
            try body(items, total)
            isFirst = false
            let count = UInt64(items.count)
            let (next, isOver) = position.addingReportingOverflow(count)
            position = next
            left -= min(left, count)
            if isOver || items.count < wanted || position >= total { return }
            before = items
        }
    }
}
