package import PassimCore

/// The two clocks that whoever watches files looks at; tests bring their own.
package struct TimeSource: Sendable {
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

    package static let system = TimeSource(now: { wallClock() }, monotonic: { monotonicNanoseconds() })
}
