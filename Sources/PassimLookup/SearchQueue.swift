internal import PassimCore

/// Searches that wait for their turn, first come first served; all wait equally long at most.
struct SearchQueue: Sendable {
    struct Entry: Sendable {
        var digest: Digest
        /// Which search of that digest.
        var number: Int
        var until: Duration
    }

    private var entries: [Entry] = []
    /// Those before it are gone.
    private var start = 0

    var count: Int { entries.count - start }

    var first: Entry? { start < entries.count ? entries[start] : nil }

    mutating func append(_ entry: Entry) {
        entries.append(entry)
    }

    mutating func removeFirst() {
        start += 1
        if start * 2 > entries.count {
            entries.removeFirst(start)
            start = 0
        }
    }
}
