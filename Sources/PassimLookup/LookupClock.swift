/// Time since it was made, of any clock; with times and not instants it is one type.
struct LookupClock: Sendable {
    let now: @Sendable () -> Duration
    /// Returns then, or when the task is cancelled.
    let sleep: @Sendable (_ until: Duration) async -> Void

    init(_ clock: some Clock<Duration>) {
        let start = clock.now
        now = { start.duration(to: clock.now) }
        sleep = { try? await clock.sleep(until: start.advanced(by: $0), tolerance: nil) }
    }
}
