import PassimCore
import PassimTestKit
import Testing

@testable import PassimLookup

@Suite struct CandidateTests {
    private func counts(_ latencies: [Duration], rounds: Int = 10_000) -> [Peer?: Int] {
        var generator = SeededGenerator(seed: 42)
        let candidates = latencies.enumerated().map { Candidate(peer: peer($0), latency: $1) }
        return (0..<rounds).reduce(into: [:]) { counts, _ in
            counts[candidates.choose(using: &generator), default: 0] += 1
        }
    }

    @Test func nobodyAmongNone() {
        #expect(counts([], rounds: 1) == [nil: 1])
    }

    @Test func onlyOneAlways() {
        #expect(counts([.seconds(3)], rounds: 100) == [peer(0): 100])
    }

    @Test func twiceAsFastTwiceAsOften() throws {
        let counts = counts([.milliseconds(20), .milliseconds(40), .milliseconds(40)])
        #expect(counts.count == 3)
        for (number, expected) in [5000, 2500, 2500].enumerated() {
            let count = try #require(counts[peer(number)])
            #expect(abs(count - expected) < 300)
        }
    }

    @Test func belowAMillisecondAllAreEqual() throws {
        let counts = counts([.zero, .microseconds(900), .milliseconds(-5)])
        for number in 0..<3 { #expect(try #require(counts[peer(number)]) > 3000) }
    }
}
