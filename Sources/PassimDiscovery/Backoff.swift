/// How long to wait before the next try: half a second, doubling to half a minute, and from the beginning
/// again after things have gone well for a while. In nanoseconds of a monotonic clock that it does not read.
struct Backoff {
    private static let first: UInt64 = 500_000_000
    private static let last: UInt64 = 30_000_000_000
    /// A connection that has worked for less long than this has not worked: a server that lets everybody in
    /// and throws everybody out must not be asked twice a second.
    private static let proven: UInt64 = 10_000_000_000

    private var delay = Backoff.first
    private var succeeded: UInt64?

    /// It works from now on.
    mutating func success(at now: UInt64) {
        if succeeded == nil { succeeded = now }
    }

    /// - Returns: when to try again.
    mutating func failure(at now: UInt64) -> UInt64 {
        if let since = succeeded, now - since >= Backoff.proven { delay = Backoff.first }
        succeeded = nil
        defer { delay = min(delay * 2, Backoff.last) }
        return now + delay
    }
}
