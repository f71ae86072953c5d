internal import PassimCore
internal import PassimHTTP
internal import PassimSystem

/// The `Date` field (RFC 9110, 6.6.1), made once a second.
struct ResponseDate {
    private(set) var value = HTTPDate(unixSeconds: wallClock().seconds)
    private var made: UInt64 = 0

    /// - Parameter now: monotonic nanoseconds.
    mutating func refresh(now: UInt64) {
        guard now >= made + 1_000_000_000 else { return }
        made = now
        value = HTTPDate(unixSeconds: wallClock().seconds)
    }
}
