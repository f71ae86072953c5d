internal import PassimCore

extension FileIdentity {
    /// How long a file is to be left alone, in nanoseconds, as a write of now would not show in its times; nil
    /// where it is old enough.
    ///
    /// - Parameter restTime: how long nobody must have written it, in nanoseconds.
    func settleTime(_ restTime: Int64, at now: Timestamp) -> UInt64? {
        func wait(_ time: Timestamp, _ limit: Int64) -> UInt64? {
            guard let age = time.age(at: now) else { return nil }
            return age >= limit || age <= -limit ? nil : UInt64(limit - age)
        }
        // A file system that counts whole seconds, or two of them, shows in its times.
        let tick = changed.nanoseconds == 0 ? Limits.settleTime : Limits.tick
        return [wait(modified, max(restTime, tick)), wait(changed, tick)].compactMap { $0 }.max()
    }
}

extension Timestamp {
    /// Nanoseconds; nil where it is more than some seconds ago, or ahead: somebody's setting, not a write of now.
    func age(at now: Timestamp) -> Int64? {
        let (difference, overflow) = now.seconds.subtractingReportingOverflow(seconds)
        if overflow || abs(difference) > 4 { return nil }
        return difference * 1_000_000_000 + Int64(now.nanoseconds) - Int64(nanoseconds)
    }
}
