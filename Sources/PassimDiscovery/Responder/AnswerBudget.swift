/// How many answers may still be given: `rate` a second, and `burst` after a while without any. A token bucket.
struct AnswerBudget {
    private let rate: UInt64
    private let burst: UInt64
    /// Nanoseconds' worth of answers.
    private var credit: UInt64
    private var asked: UInt64 = 0

    private var price: UInt64 { 1_000_000_000 / rate }

    init(rate: UInt64 = AnswerRules.rate, burst: UInt64 = AnswerRules.burst) {
        self.rate = rate
        self.burst = burst
        credit = burst * (1_000_000_000 / rate)
    }

    /// - Returns: whether there is one left, and takes it.
    mutating func take(at now: UInt64) -> Bool {
        if now > asked {
            credit = min(burst * price, credit + min(now - asked, burst * price))
            asked = now
        }
        guard credit >= price else { return false }
        credit -= price
        return true
    }
}
