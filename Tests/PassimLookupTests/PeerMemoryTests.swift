import PassimCore
import Testing

@testable import PassimLookup

@Suite struct PeerMemoryTests {
    private let limits = LookupLimits()
    private let start: Duration = .seconds(5)

    @Test(arguments: [ProbeOutcome.confirmed, .refused, .unasked])
    func whoAnswersStaysGood(outcome: ProbeOutcome) {
        var memory = PeerMemory(limits)
        memory.note(outcome, of: peer(1), for: digest(1), at: start)
        #expect(memory.rank(of: peer(1), for: digest(1), at: start) == .good)
    }

    @Test func failureIsOfTheAddressAndPortForAWhile() {
        var memory = PeerMemory(limits)
        memory.note(.failed, of: peer(1), for: digest(1), at: start)
        #expect(memory.rank(of: peer(1), for: digest(2), at: start) == .bad)
        var other = peer(1)
        other.port += 1
        #expect(memory.rank(of: other, for: digest(1), at: start) == .good)
        #expect(memory.rank(of: peer(1), for: digest(1), at: start + limits.failedTime) == .good)
    }

    @Test func denialIsOfOneDigestForAWhile() {
        var memory = PeerMemory(limits)
        memory.note(.denied, of: peer(1), for: digest(1), at: start)
        #expect(memory.rank(of: peer(1), for: digest(1), at: start) == .bad)
        #expect(memory.rank(of: peer(1), for: digest(2), at: start) == .good)
        #expect(memory.rank(of: peer(1), for: digest(1), at: start + limits.deniedTime) == .good)
    }

    @Test func answerMakesGoodAgain() {
        var memory = PeerMemory(limits)
        memory.note(.failed, of: peer(1), for: digest(1), at: start)
        memory.note(.denied, of: peer(1), for: digest(1), at: start)
        // Who denies is alive.
        #expect(memory.rank(of: peer(1), for: digest(2), at: start) == .good)
        memory.note(.confirmed, of: peer(1), for: digest(1), at: start)
        #expect(memory.rank(of: peer(1), for: digest(1), at: start) == .good)
    }

    @Test func reportHoldsForAnHourWhateverThePeerSays() {
        var memory = PeerMemory(limits)
        memory.report(peer(1), for: digest(1), by: 0, at: start)
        memory.note(.confirmed, of: peer(1), for: digest(1), at: start)
        let later = start + .seconds(3599)
        #expect(memory.rank(of: peer(1), for: digest(1), at: later) == nil)
        #expect(memory.rank(of: peer(1), for: digest(2), at: later) == .reported)
        #expect(memory.rank(of: peer(1), for: digest(1), at: start + .seconds(3600)) == .good)
    }

    @Test func reportOfAUserCountsForThisUserAlone() {
        var memory = PeerMemory(limits)
        memory.report(peer(1), for: digest(1), by: 1000, at: start)
        #expect(memory.rank(of: peer(1), for: digest(1), at: start) == .good)
        #expect(memory.rank(of: peer(1), for: digest(1), at: start, reporter: 1001) == .good)
        #expect(memory.rank(of: peer(1), for: digest(1), at: start, reporter: 1000) == nil)
        #expect(memory.reports.reporter(1000, at: start) == 1000)
        #expect(memory.reports.reporter(1001, at: start) == nil)
        #expect(memory.reports.reporter(1000, at: start + limits.reportedTime) == nil)
    }

    @Test func manyReportersForgetNothingOfRoot() {
        var memory = PeerMemory(limits)
        memory.report(peer(1), for: digest(1), by: 0, at: start)
        memory.report(peer(2), for: digest(1), by: 1, at: start)
        for user in 2...500 as ClosedRange<UInt32> {
            memory.report(peer(3), for: digest(Int(user)), by: user, at: start + .milliseconds(user))
        }
        #expect(memory.rank(of: peer(1), for: digest(1), at: start) == nil)
        #expect(memory.reports.reporter(1, at: start) == nil)
        #expect(memory.reports.reporter(500, at: start) == 500)
    }

    @Test func linkLocalAddressOfTheSixthVersionStandsBehindTheOthers() {
        var memory = PeerMemory(LookupLimits())
        #expect(memory.rank(of: linkLocalPeer(1), for: digest(1), at: .zero) == .linkLocal)
        #expect(memory.rank(of: peer(1), for: digest(1), at: .zero) == .good)
        // 169.254/16 needs no interface in a URL.
        let ipv4 = Peer(address: IPAddress(ipv4: 0xA9FE_0101), port: 27500)
        #expect(memory.rank(of: ipv4, for: digest(1), at: .zero) == .good)
        memory.note(.failed, of: linkLocalPeer(1), for: digest(1), at: .zero)
        #expect(memory.rank(of: linkLocalPeer(1), for: digest(1), at: .zero) == .bad)
        #expect(PeerRank.allCases == [.good, .linkLocal, .bad, .reported])
    }
}
