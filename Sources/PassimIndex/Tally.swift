internal import PassimCore

/// Counts and sums, or changes of them. Bytes wrap, so that adding and taking away always balance.
struct Tally {
    struct Share {
        var files = 0
        var bytes: UInt64 = 0
    }

    private(set) var all = Share()
    var digests = 0
    private(set) var origins: [OriginID: Share] = [:]

    mutating func add(_ origin: OriginID, files: Int, bytes: UInt64) {
        func add(_ share: inout Share) {
            share.files += files
            share.bytes &+= bytes
        }
        add(&all)
        add(&origins[origin, default: Share()])
    }

    /// An origin without files is forgotten.
    mutating func add(_ changes: Tally) {
        digests += changes.digests
        for (origin, share) in changes.origins {
            add(origin, files: share.files, bytes: share.bytes)
            if origins[origin]?.files == 0 { origins[origin] = nil }
        }
    }
}
