internal import PassimCore

/// How long something took, over many times: counted by bounds, as a histogram of Prometheus is.
package struct TimeDistribution: Sendable, Equatable {
    /// Upper bounds in nanoseconds, ascending: from what comes out of memory to what a disk or the network is waited for.
    package static let bounds: [UInt64] = [
        100_000, 500_000, 1_000_000, 5_000_000, 10_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000,
        1_000_000_000, 2_500_000_000, 5_000_000_000,
    ]

    /// How many took no longer than the bound of this place and longer than the one before it; at last those that took
    /// longer than all bounds.
    package var counts: [UInt64]
    /// All of them together.
    package var nanoseconds: UInt64 = 0

    package init() {
        counts = Array(repeating: 0, count: TimeDistribution.bounds.count + 1)
    }

    package var count: UInt64 { counts.reduce(0) { $0.adding(saturating: $1) } }

    /// The place of a time in `counts`.
    package static func place(of nanoseconds: UInt64) -> Int {
        bounds.firstIndex { nanoseconds <= $0 } ?? bounds.count
    }

    package mutating func add(_ other: TimeDistribution) {
        for place in counts.indices { counts[place].add(saturating: other.counts[place]) }
        nanoseconds.add(saturating: other.nanoseconds)
    }
}
