internal import PassimCore

/// The effect of one batch's changes so far.
struct Transaction {
    private var appeared: [Digest] = []
    private var vanished: [Digest] = []
    /// Digests of which a file came, went or changed, and that had others or was itself.
    private var altered: [Digest] = []
    private(set) var totals = IndexTotals()
    /// How many entries were taken out.
    private(set) var removed = 0
    /// Which of the changes, counted from 0, were refused.
    var refused: [Int] = []
    /// True if any entry came, went or changed.
    private(set) var isTouched = false

    mutating func inserted(_ digest: Digest, _ origin: OriginID, size: UInt64, appeared isNew: Bool) {
        if isNew { appeared.append(digest) } else { altered.append(digest) }
        totals.add(origin, size: size)
        totals.digests += isNew ? 1 : 0
        isTouched = true
    }

    mutating func removed(_ entry: Entry, vanished isLast: Bool) {
        if isLast { vanished.append(entry.digest) } else { altered.append(entry.digest) }
        totals.remove(entry.origin, size: entry.identity.size)
        totals.digests -= isLast ? 1 : 0
        removed += 1
        isTouched = true
    }

    mutating func updated(_ entry: Entry, size: UInt64) {
        altered.append(entry.digest)
        totals.remove(entry.origin, size: entry.identity.size)
        totals.add(entry.origin, size: size)
        isTouched = true
    }

    /// The digests that were not known before and are now, and the other way round: what came and went
    /// within the batch, or moved from one file to another, is in neither. Of those that are in neither, the
    /// ones whose files are others now.
    func net() -> (appeared: [Digest], vanished: [Digest], altered: [Digest]) {
        if altered.isEmpty, appeared.isEmpty || vanished.isEmpty { return (appeared, vanished, []) }
        var balance: [Digest: Int] = [:]
        for digest in altered { balance[digest] = 0 }
        for digest in appeared { balance[digest, default: 0] += 1 }
        for digest in vanished { balance[digest, default: 0] -= 1 }
        var net: (appeared: [Digest], vanished: [Digest], altered: [Digest]) = ([], [], [])
        // In their order, each once.
        for digest in appeared + vanished + altered {
            switch balance.removeValue(forKey: digest) {
            case 1: net.appeared.append(digest)
            case -1: net.vanished.append(digest)
            case nil: break
            default: net.altered.append(digest)
            }
        }
        return net
    }
}
