import Testing

@testable import PassimMirror

@Suite struct StrideSchedulerTests {
    @Test func timeIsSharedByWeight() {
        var scheduler = StrideScheduler(weights: [4, 1])
        var had: [UInt64] = [0, 0]
        for _ in 0..<1_000 {
            let member = scheduler.next { _ in true }!
            // The second takes ten times as long for each turn.
            let cost: UInt64 = member == 0 ? 1_000 : 10_000
            scheduler.charge(member, cost)
            had[member] += cost
        }
        let ratio = Double(had[0]) / Double(had[1])
        #expect(ratio > 3.5 && ratio < 4.5)
    }

    @Test func whoComesBackNeitherWaitsNorMakesUp() {
        var scheduler = StrideScheduler(weights: [1, 1])
        for _ in 0..<100 {
            let member = scheduler.next { $0 == 0 }!
            #expect(member == 0)
            scheduler.charge(member, 1_000)
        }
        var turns = [0, 0]
        for _ in 0..<100 {
            let member = scheduler.next { _ in true }!
            scheduler.charge(member, 1_000)
            turns[member] += 1
        }
        #expect(abs(turns[0] - turns[1]) <= 2)
    }

    @Test func nobodyIsReady() {
        var scheduler = StrideScheduler(weights: [1, 2, 3])
        #expect(scheduler.next { _ in false } == nil)
    }
}
