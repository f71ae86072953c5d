internal import PassimCore

/// The digests with the latest times among all that are offered, in memory for twice as many as are wanted.
struct NewestDigests {
    private let limit: Int
    private var kept: [(digest: Digest, changed: Timestamp)] = []
    /// Digests no later than this are left out: enough later ones came.
    private var floor: Timestamp?
    private(set) var offered = 0

    /// - Parameter limit: how many are wanted.
    init(limit: Int) {
        self.limit = max(0, limit)
    }

    /// - Parameter digest: one that has not been offered yet.
    mutating func offer(_ digest: Digest, changed: Timestamp) {
        offered += 1
        if let floor, changed <= floor { return }
        kept.append((digest, changed))
        if kept.count >= 2 * limit { trim() }
    }

    /// Newest first.
    mutating func sorted() -> [Digest] {
        trim()
        return kept.map(\.digest)
    }

    private mutating func trim() {
        kept.sort { $0.changed > $1.changed }
        guard kept.count >= limit else { return }
        kept.removeLast(kept.count - limit)
        floor = kept.last?.changed
    }
}
