internal import PassimCore

/// A group of users whose searches are counted by themselves.
enum SearchShare: Hashable, CaseIterable, Sendable {
    case root
    /// The user that the daemon runs as.
    case daemon
    /// All others together: systemd's `PrivateUsers=` shows them as one.
    case others
}

/// Searches that wait for their turn, first come first served; all wait equally long at most.
struct SearchQueue<Key: Sendable>: Sendable {
    struct Entry: Sendable {
        var key: Key
        /// Which search of that key.
        var number: Int
        var until: Duration
    }

    private var entries: [Entry] = []
    /// The first element that is left; those before it are gone.
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
