/// Measures how fast a file comes, in pieces of time that follow one another.
struct SpeedWatch {
    private let limits: DownloadLimits
    private var start: UInt64
    private var startBytes: UInt64

    /// - Parameters:
    ///   - bytes: that are there already.
    ///   - now: nanoseconds of a monotonic clock.
    init(_ limits: DownloadLimits, bytes: UInt64, at now: UInt64) {
        self.limits = limits
        start = now
        startBytes = bytes
    }

    /// Begins to measure: bytes that came before do not count.
    mutating func begin(bytes: UInt64, at now: UInt64) { (start, startBytes) = (now, bytes) }

    /// - Parameters:
    ///   - length: of the file; nil where nobody has told yet: then whatever has not begun to come is slow.
    /// - Returns: bytes/s, where these are too few.
    mutating func slowSpeed(bytes: UInt64, of length: UInt64?, at now: UInt64) -> UInt64? {
        let elapsed = now - min(start, now)
        guard elapsed >= limits.patience else { return nil }
        let speed = UInt64(Double(bytes - min(startBytes, bytes)) * 1e9 / Double(elapsed))
        begin(bytes: bytes, at: now)
        let missing = length.map { $0 - min(bytes, $0) } ?? .max
        return speed < limits.slowSpeed(missing: missing) ? speed : nil
    }
}
