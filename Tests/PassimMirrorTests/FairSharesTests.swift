import Testing

@testable import PassimMirror

@Suite struct FairSharesTests {
    @Test func timeIsSharedByWeight() {
        var shares = FairShares(weights: [4, 1])
        var had: [UInt64] = [0, 0]
        for _ in 0..<1_000 {
            let member = shares.next { _ in true }!
            // The second takes ten times as long for each turn.
            let cost: UInt64 = member == 0 ? 1_000 : 10_000
            shares.charge(member, cost)
            had[member] += cost
        }
        let ratio = Double(had[0]) / Double(had[1])
        #expect(ratio > 3.5 && ratio < 4.5)
    }

    @Test func whoComesBackNeitherWaitsNorMakesUp() {
        var shares = FairShares(weights: [1, 1])
        for _ in 0..<100 {
            let member = shares.next { $0 == 0 }!
            #expect(member == 0)
            shares.charge(member, 1_000)
        }
        var turns = [0, 0]
        for _ in 0..<100 {
            let member = shares.next { _ in true }!
            shares.charge(member, 1_000)
            turns[member] += 1
        }
        #expect(abs(turns[0] - turns[1]) <= 2)
    }

    @Test func nobodyIsReady() {
        var shares = FairShares(weights: [1, 2, 3])
        #expect(shares.next { _ in false } == nil)
    }
}
