internal import PassimCrypto
internal import PassimSystem

/// What new clients wait, from connecting to the last byte of a small file.
enum NewClients {
    /// - Parameter seconds: no more clients come after that.
    /// - Returns: milliseconds of each, at least one.
    static func times(_ count: Int, at peer: BenchServer, _ file: ServedTree.File, seconds: Double) throws
        -> [Double]
    {
        let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
        return try Exchange.withBuffer { buffer in
            var times: [Double] = []
            while times.isEmpty || times.count < count && monotonicNanoseconds() < end {
                let start = monotonicNanoseconds()
                try Exchange.get(peer.client(), peer.path(file), buffer)
                times.append(Double(monotonicNanoseconds() - start) / 1e6)
            }
            return times
        }
    }
}
