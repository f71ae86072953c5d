internal import PassimHTTP
internal import PassimSystem

/// The `Date` field (RFC 9110, 6.6.1), made once a second.
struct ResponseDate {
    private var made: UInt64 = 0
    private(set) var bytes: [UInt8] = []

    /// - Parameter now: monotonic nanoseconds.
    mutating func refresh(now: UInt64) {
        guard bytes.isEmpty || now >= made + 1_000_000_000 else { return }
        made = now
        bytes = Array(HTTPDate.format(wallClock().seconds).utf8)
    }
}
