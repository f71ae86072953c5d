internal import PassimCore

/// What the changes of one batch have done so far.
struct Transaction {
    private var appeared: [Digest] = []
    private var vanished: [Digest] = []
    private(set) var tally = Tally()
    /// How many entries were taken out.
    private(set) var removed = 0
    /// Which of the changes, counted from 0, were refused.
    var refused: [Int] = []
    /// Whether any entry came, went or changed.
    private(set) var isTouched = false

    mutating func inserted(_ digest: Digest, _ origin: OriginID, size: UInt64, appeared isNew: Bool) {
        if isNew { appeared.append(digest) }
        tally.add(origin, files: 1, bytes: size)
        tally.digests += isNew ? 1 : 0
        isTouched = true
    }

    mutating func removed(_ entry: Entry, vanished isLast: Bool) {
        if isLast { vanished.append(entry.digest) }
        tally.add(entry.origin, files: -1, bytes: 0 &- entry.identity.size)
        tally.digests -= isLast ? 1 : 0
        removed += 1
        isTouched = true
    }

    mutating func updated(_ entry: Entry, size: UInt64) {
        tally.add(entry.origin, files: 0, bytes: size &- entry.identity.size)
        isTouched = true
    }

    /// The digests that were not known before and are now, and the other way round: what came and went
    /// within the batch, or moved from one file to another, is in neither.
    func net() -> (appeared: [Digest], vanished: [Digest]) {
        if appeared.isEmpty || vanished.isEmpty { return (appeared, vanished) }
        var balance: [Digest: Int] = [:]
        for digest in appeared { balance[digest, default: 0] += 1 }
        for digest in vanished { balance[digest, default: 0] -= 1 }
        func take(_ digests: [Digest], where sign: Int) -> [Digest] {
            digests.filter { digest in
                guard balance[digest] == sign else { return false }
                balance[digest] = 0
                return true
            }
        }
        return (take(appeared, where: 1), take(vanished, where: -1))
    }
}
