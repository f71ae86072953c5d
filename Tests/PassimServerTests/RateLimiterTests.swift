import PassimCore
import Testing

@testable import PassimServer

/// Time as the test has it, in slices.
private func slice(_ number: UInt64) -> UInt64 { 1_000_000_000 + number * RateLimiter.slice }

@Suite struct RateLimiterTests {
    @Test func oneDownloadGetsTheWholeRate() {
        let limiter = RateLimiter(bytesPerSecond: 1_000_000)
        var sent: UInt64 = 0
        for number in 0..<20 as Range<UInt64> { sent += limiter.take(.max, now: slice(number)) }
        #expect(sent == 1_000_000)
    }

    @Test func downloadsShareEvenlyFromTheSecondSliceOn() {
        let limiter = RateLimiter(bytesPerSecond: 2_000_000)
        _ = (0..<4).map { _ in limiter.take(.max, now: slice(0)) }
        // The first slice went to whoever came first; then all four are known.
        _ = (0..<4).map { _ in limiter.take(.max, now: slice(1)) }
        var sent = [UInt64](repeating: 0, count: 4)
        for number in 2..<42 as Range<UInt64> {
            for download in 0..<4 { sent[download] += limiter.take(.max, now: slice(number)) }
        }
        #expect(sent.reduce(0, +) <= 4_000_000)
        for one in sent { #expect(one >= 900_000) }
    }

    @Test func whatASlowOneLeavesGoesToTheOthers() {
        let limiter = RateLimiter(bytesPerSecond: 1_000_000)
        _ = limiter.take(.max, now: slice(0))
        _ = limiter.take(.max, now: slice(0))
        // From now on only one of the two takes.
        _ = limiter.take(.max, now: slice(1))
        #expect(limiter.take(.max, now: slice(2)) == 50_000)
    }

    @Test func nothingIsGrantedPastTheSlicesBytes() {
        let limiter = RateLimiter(bytesPerSecond: 1_000_000)
        var sent: UInt64 = 0
        for _ in 0..<100 { sent += limiter.take(.max, now: slice(7)) }
        #expect(sent == 50_000)
    }

    @Test func whatIsGivenBackCanBeTakenAgain() {
        let limiter = RateLimiter(bytesPerSecond: 1_000_000)
        #expect(limiter.take(.max, now: slice(3)) == 50_000)
        limiter.giveBack(20_000, now: slice(3))
        #expect(limiter.take(.max, now: slice(3)) == 20_000)
    }

    @Test func theSmallestRateStillMoves() {
        let limiter = RateLimiter(bytesPerSecond: 1)
        #expect(limiter.take(.max, now: slice(1)) == 1)
    }
}

@Suite struct AllowanceTests {
    @Test func withoutLimitersEverythingIsAvailable() {
        var throttle = Throttle([])
        #expect(throttle.isUnlimited)
        #expect(throttle.available(4096, remaining: 9999, now: slice(0)) == 4096)
    }

    @Test func theTighterOfTwoLimitersDecidesAndTheOtherKeepsTheRest() {
        let wide = RateLimiter(bytesPerSecond: 2_000_000)
        let narrow = RateLimiter(bytesPerSecond: 200_000)
        var throttle = Throttle([wide, narrow])
        #expect(throttle.available(1 << 20, remaining: 1 << 30, now: slice(0)) == 10_000)
        // 100 000 a slice, of which only 10 000 are spent; the second taker's share is half.
        #expect(wide.take(.max, now: slice(0)) == 50_000)
    }

    @Test func whatIsSpentIsGoneUntilTheNextSlice() {
        var throttle = Throttle([RateLimiter(bytesPerSecond: 1_000_000)])
        #expect(throttle.available(30_000, remaining: 1 << 30, now: slice(0)) == 30_000)
        throttle.spend(30_000)
        #expect(throttle.available(30_000, remaining: 1 << 30, now: slice(0)) == 20_000)
        throttle.spend(20_000)
        #expect(throttle.available(30_000, remaining: 1 << 30, now: slice(0)) == 0)
        #expect(throttle.available(30_000, remaining: 1 << 30, now: slice(1)) == 30_000)
    }

    @Test func noMoreIsTakenThanRemains() {
        let limiter = RateLimiter(bytesPerSecond: 1_000_000)
        var throttle = Throttle([limiter])
        #expect(throttle.available(4096, remaining: 100, now: slice(0)) == 100)
    }
}
