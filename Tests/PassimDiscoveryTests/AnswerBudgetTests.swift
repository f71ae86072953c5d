import Testing

@testable import PassimDiscovery

struct AnswerBudgetTests {
    private func taken(_ budget: inout AnswerBudget, at now: UInt64) -> Int {
        var count = 0
        while budget.take(at: now) { count += 1 }
        return count
    }

    @Test func soManyAtOnceAndThenByTheSecond() {
        var budget = AnswerBudget(rate: 100, burst: 300)
        let second: UInt64 = 1_000_000_000
        #expect(taken(&budget, at: 5 * second) == 300)
        #expect(taken(&budget, at: 6 * second) == 100)
        #expect(taken(&budget, at: 6 * second + second / 10) == 10)
        #expect(taken(&budget, at: 1000 * second) == 300)
        // A clock that goes back gives nothing.
        #expect(taken(&budget, at: second) == 0)
        #expect(taken(&budget, at: UInt64.max) == 300)
    }
}
