package import PassimCore

/// The clocks that whoever watches files looks at; tests bring their own.
package struct TimeSource: Sendable {
    /// The time of day, compared with the times of files.
    package var now: @Sendable () -> Timestamp
    /// Nanoseconds that only grow, for waits.
    package var monotonic: @Sendable () -> UInt64

    /// Nanoseconds that only grow, also while the machine sleeps: for ages, whoever sets the time of day.
    package var boot: @Sendable () -> UInt64

    /// - Parameter boot: nil is the same as `monotonic`.
    package init(
        now: @escaping @Sendable () -> Timestamp, monotonic: @escaping @Sendable () -> UInt64,
        boot: (@Sendable () -> UInt64)? = nil
    ) {
        self.now = now
        self.monotonic = monotonic
        self.boot = boot ?? monotonic
    }

    package static let system = TimeSource(
        now: { wallClock() }, monotonic: { monotonicNanoseconds() }, boot: { bootNanoseconds() })
}
