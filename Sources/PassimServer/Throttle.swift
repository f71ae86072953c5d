/// Bytes that one download may still send in the present slice, under the limit of its origin and that of the
/// whole server.
struct Throttle {
    private let limiters: [RateLimiter]
    private var slice: UInt64 = 0
    private var left: UInt64 = 0

    init(_ limiters: [RateLimiter]) {
        self.limiters = limiters
    }

    var isUnlimited: Bool { limiters.isEmpty }

    /// How much of `wanted` may be sent now; 0 means to wait for the next slice.
    mutating func available(_ wanted: Int, remaining: UInt64, now: UInt64) -> Int {
        if limiters.isEmpty { return wanted }
        let current = now / RateLimiter.slice
        if current != slice {
            left = remaining
            for (index, limiter) in limiters.enumerated() {
                let granted = limiter.take(left, now: now)
                for earlier in limiters[..<index] { earlier.giveBack(left - granted, now: now) }
                left = granted
                if granted == 0 { break }
            }
            // Nothing granted: ask again in this slice's remainder would only be refused again.
            slice = current
        }
        return Int(min(UInt64(wanted), left))
    }

    mutating func spend(_ count: Int) {
        if !limiters.isEmpty { left -= UInt64(count) }
    }
}
