package import PassimCore
internal import PassimSystem

/// The two clocks that a store looks at; tests bring their own.
package struct StoreClock: Sendable {
    /// The time of day, compared with the times of files.
    package var now: @Sendable () -> Timestamp
    /// Nanoseconds that only grow, for waits.
    package var monotonic: @Sendable () -> UInt64

    package init(
        now: @escaping @Sendable () -> Timestamp, monotonic: @escaping @Sendable () -> UInt64
    ) {
        self.now = now
        self.monotonic = monotonic
    }

    package static let system = StoreClock(now: { wallClock() }, monotonic: { monotonicNanoseconds() })
}
