import Testing

@testable import PassimDiscovery

struct BackoffTests {
    private let second: UInt64 = 1_000_000_000

    @Test func delaysDoubleUpToHalfAMinute() {
        var backoff = Backoff()
        let delays = (0..<9).map { _ in backoff.failure(at: 0) }
        #expect(delays == [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000].map { $0 * 1_000_000 })
    }

    @Test func whatHasGoneWellForAWhileStartsAgain() {
        var backoff = Backoff()
        _ = backoff.failure(at: 0)
        _ = backoff.failure(at: 0)
        backoff.success(at: 5 * second)
        backoff.success(at: 14 * second)
        #expect(backoff.failure(at: 15 * second) == 15 * second + second / 2)
    }

    @Test func whatHasGoneWellForAMomentDoesNot() {
        var backoff = Backoff()
        _ = backoff.failure(at: 0)
        backoff.success(at: 5 * second)
        #expect(backoff.failure(at: 6 * second) == 7 * second)
        #expect(backoff.failure(at: 8 * second) == 10 * second)
    }
}
