internal import PassimCore

/// The pairs of origin and device of a shard's files: few, so that a record needs two bytes for both.
struct SourceTable {
    struct Source {
        var origin: OriginID
        var device: UInt64
        fileprivate var uses: Int
    }

    private var sources: [Source] = []
    /// The one taken last: files come in runs.
    private var recent = 0
    private let limit: Int

    /// - Parameter limit: of pairs in use; at most 2^16, other values are for tests.
    init(limit: Int = 1 << 16) {
        self.limit = limit
    }

    /// - Returns: the number of the pair, to be released; nil where as many others as the limit says are in use.
    mutating func take(origin: OriginID, device: UInt64) -> UInt16? {
        if recent >= sources.count || !matches(recent, origin, device) {
            if let known = sources.indices.first(where: { matches($0, origin, device) }) {
                recent = known
            } else if let unused = sources.firstIndex(where: { $0.uses == 0 }) {
                sources[unused] = Source(origin: origin, device: device, uses: 0)
                recent = unused
            } else if sources.count < limit {
                recent = sources.count
                sources.append(Source(origin: origin, device: device, uses: 0))
            } else {
                return nil
            }
        }
        sources[recent].uses += 1
        return UInt16(recent)
    }

    @inline(__always)
    subscript(number: UInt16) -> Source { sources[Int(number)] }

    mutating func release(_ number: UInt16) { sources[Int(number)].uses -= 1 }

    private func matches(_ index: Int, _ origin: OriginID, _ device: UInt64) -> Bool {
        sources[index].origin == origin && sources[index].device == device
    }
}
