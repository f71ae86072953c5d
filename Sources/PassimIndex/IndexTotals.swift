internal import PassimCore

/// Counts and sums, or changes of them, which may be negative.
struct IndexTotals {
    struct Share {
        var files = 0
        var bytes = ByteSum()
    }

    private(set) var all = Share()
    var digests = 0
    private(set) var origins: [OriginID: Share] = [:]

    /// A file has come.
    mutating func add(_ origin: OriginID, size: UInt64) {
        change(origin) { share in
            share.files += 1
            share.bytes.add(size)
        }
    }

    /// A file has gone.
    mutating func remove(_ origin: OriginID, size: UInt64) {
        change(origin) { share in
            share.files -= 1
            share.bytes.subtract(size)
        }
    }

    private mutating func change(_ origin: OriginID, _ body: (inout Share) -> Void) {
        body(&all)
        body(&origins[origin, default: Share()])
    }

    /// An origin without files is forgotten.
    mutating func add(_ changes: IndexTotals) {
        digests += changes.digests
        for (origin, share) in changes.origins {
            change(origin) {
                $0.files += share.files
                $0.bytes += share.bytes
            }
            if origins[origin]?.files == 0 { origins[origin] = nil }
        }
    }
}
