internal import Glibc
internal import PassimSystem

/// What a server holds.
struct Footprint {
    /// MiB.
    var resident: Double
    /// MiB, since it was forgotten.
    var peak: Double
    var descriptors: Int

    /// Of a server that nobody has asked for anything for some seconds.
    static func atRest(_ peer: BenchServer) throws -> Footprint {
        // Files stay open for two seconds after their last use.
        rest(seconds: 4)
        return try now(peer)
    }

    /// Bytes that are resident when what came before has been done with.
    static func settled(_ counters: ProcessCounters) throws -> Double {
        rest(seconds: 4)
        return try counters.residentBytes()
    }

    /// Nobody does anything: what is measured is what happens all the same.
    static func rest(seconds: Int) {
        usleep(UInt32(seconds) * 1_000_000)
    }

    /// When all connections that a load has left are closed: as many descriptors as before, or as few as
    /// there come to be in ten seconds.
    static func after(_ peer: BenchServer, descriptors: Int) throws -> Footprint {
        let end = monotonicNanoseconds() + 10_000_000_000
        while try peer.counters.descriptors() > descriptors, monotonicNanoseconds() < end { usleep(50_000) }
        return try now(peer)
    }

    private static func now(_ peer: BenchServer) throws -> Footprint {
        try Footprint(
            resident: peer.counters.residentBytes() / 1_048_576,
            peak: peer.counters.peakResidentBytes() / 1_048_576,
            descriptors: peer.counters.descriptors())
    }
}
