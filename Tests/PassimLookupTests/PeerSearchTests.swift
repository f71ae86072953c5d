import PassimCore
import PassimTestKit
import Testing

@testable import PassimLookup

@Suite struct PeerSearchTests {
    private let clock = ManualClock()

    private func search(
        _ finder: Finder, _ probe: Probe, _ change: (inout LookupLimits) -> Void = { _ in }
    ) -> PeerSearch {
        var limits = LookupLimits()
        change(&limits)
        return PeerSearch(
            finder: finder, probe: probe, limits: limits, daemonUser: 7, clock: clock,
            generator: SeededGenerator(seed: 1))
    }

    private func isIdle(_ search: PeerSearch) async -> Bool {
        await becomesTrue { await search.load == .init(running: 0, waiting: 0, clients: 0) }
    }

    // MARK: Whom it takes

    @Test func whoConfirmsIsTaken() async {
        let finder = Finder([digest(1): [peer(1), peer(2), peer(3), peer(4)]], ends: false)
        let probe = Probe([peer(1): .denied, peer(2): .failed, peer(3): .confirmed, peer(4): .refused])
        let search = search(finder, probe)
        #expect(await search.lookUp(digest(1)) == peer(3))
        #expect(await isIdle(search))
        #expect(finder.active == 0)
    }

    @Test func whoConfirmsIsTakenThoughOthersHang() async {
        let finder = Finder([digest(1): [peer(1), peer(2)]], ends: false)
        let probe = Probe([peer(2): .confirmed], hanging: [peer(1)], together: 2)
        let search = search(finder, probe)
        async let found = search.lookUp(digest(1))
        // The four times of every search, and the moment for others to confirm.
        #expect(await becomesTrue { clock.sleeperCount == 5 })
        clock.advance(by: LookupLimits().choiceTime)
        #expect(await found == peer(2))
        #expect(await isIdle(search))
        #expect(probe.active == 0)
    }

    @Test func stockPeerIsTakenWhereNobodyConfirms() async {
        let finder = Finder([digest(1): [peer(1), peer(2), peer(3)]])
        let probe = Probe([peer(1): .denied, peer(2): .refused, peer(3): .failed])
        #expect(await search(finder, probe).lookUp(digest(1)) == peer(2))
    }

    @Test func stockPeerIsTakenWhenTheTimeIsUp() async {
        let finder = Finder([digest(1): [peer(1), peer(2)]], ends: false)
        let probe = Probe([peer(1): .refused], hanging: [peer(2)])
        let search = search(finder, probe)
        async let found = search.lookUp(digest(1))
        #expect(await becomesTrue { clock.sleeperCount == 4 && probe.asked.count == 2 && probe.active == 1 })
        clock.advance(by: LookupLimits().answerTime)
        #expect(await found == peer(1))
    }

    @Test func equallyGoodPeersShareTheLoad() async {
        let finder = Finder(everywhere: [peer(1), peer(2)], ends: false)
        let search = search(finder, Probe([peer(1): .confirmed, peer(2): .confirmed], together: 2))
        var taken: [Peer?: Int] = [:]
        for number in 0..<60 { taken[await search.lookUp(digest(number)), default: 0] += 1 }
        #expect(Set(taken.keys) == [peer(1), peer(2)])
        #expect(taken.values.reduce(0, +) == 60)
    }

    // MARK: Nobody

    @Test func nobodyIsRememberedForAWhileAndThenLookedForAgain() async {
        let finder = Finder()
        let search = search(finder, Probe([peer(1): .confirmed]))
        #expect(await search.lookUp(digest(1)) == nil)
        finder.state.withLock { $0.peers = [digest(1): [peer(1)], digest(2): [peer(1)]] }
        #expect(await search.lookUp(digest(1)) == nil)
        #expect(finder.asked == [digest(1)])
        #expect(await search.lookUp(digest(2)) == peer(1))
        clock.advance(by: LookupLimits().nobodyTime)
        #expect(await search.lookUp(digest(1)) == peer(1))
    }

    @Test func nobodyAnswersWithinTheTime() async {
        let finder = Finder(ends: false)
        let search = search(finder, Probe([:]))
        async let found = search.lookUp(digest(1))
        #expect(await becomesTrue { clock.sleeperCount == 4 })
        clock.advance(by: LookupLimits().searchTime)
        #expect(await found == nil)
        #expect(await isIdle(search))
        #expect(finder.active == 0)
    }

    // MARK: What is remembered of peers

    @Test func whoFailedIsPassedOverForAWhileButNotWhereNobodyElseIsLeft() async {
        let finder = Finder([digest(1): [peer(1), peer(2)]], everywhere: [peer(1)])
        let probe = Probe([peer(1): .failed, peer(2): .confirmed], together: 2)
        let search = search(finder, probe)
        #expect(await search.lookUp(digest(1)) == peer(2))
        probe.state.withLock { state in
            state.together = 1
            state.outcomes[peer(1)] = .confirmed
        }
        finder.state.withLock { $0.peers[digest(2)] = [peer(2)] }
        #expect(await search.lookUp(digest(2)) == peer(2))
        #expect(probe.asked(for: digest(2)) == [peer(2)])
        // Nobody else has this one; and it answers.
        #expect(await search.lookUp(digest(3)) == peer(1))
        finder.state.withLock { $0.peers[digest(4)] = [peer(2)] }
        _ = await search.lookUp(digest(4))
        #expect(probe.asked(for: digest(4)).contains(peer(1)))
    }

    @Test func whoDeniedIsGoodForOtherDigests() async {
        let finder = Finder(everywhere: [peer(1)])
        let probe = Probe([peer(1): .denied])
        let search = search(finder, probe)
        #expect(await search.lookUp(digest(1)) == nil)
        probe.state.withLock { $0.outcomes[peer(1)] = .confirmed }
        finder.state.withLock { $0.ends = false }
        // Not asked before its turn as one that was bad, so no time passes.
        #expect(await search.lookUp(digest(2)) == peer(1))
    }

    @Test func whoSentWrongBytesIsPassedOverForAnHour() async {
        let finder = Finder(everywhere: [peer(1)])
        let probe = Probe([peer(1): .confirmed, peer(2): .confirmed])
        let search = search(finder, probe)
        #expect(await search.lookUp(digest(1)) == peer(1))
        await search.report(peer(1), digest: digest(1), by: 0)
        #expect(await search.lookUp(digest(1)) == nil)
        #expect(probe.asked(for: digest(1)) == [peer(1)])
        // Of other digests it may be the only one.
        #expect(await search.lookUp(digest(2)) == peer(1))
        finder.state.withLock { $0.peers[digest(3)] = [peer(2)] }
        #expect(await search.lookUp(digest(3)) == peer(2))
        clock.advance(by: LookupLimits().reportedTime)
        #expect(await search.lookUp(digest(1)) == peer(1))
    }

    /// What a user says of a peer is for this user's own look-ups, under way or remembered.
    @Test func reportOfAUserIsForItsOwnLookUps() async {
        let finder = Finder(everywhere: [peer(1)])
        let search = search(finder, Probe([peer(1): .confirmed]))
        await search.report(peer(1), digest: digest(1), by: 1000)
        #expect(await search.lookUp(digest(1), by: 1000) == nil)
        #expect(await search.lookUp(digest(1), by: 1001) == peer(1))
        #expect(await search.lookUp(digest(1)) == peer(1))
        #expect(await search.found(with: digest(1), for: 1000) == [])
        #expect(await search.found(with: digest(1), for: 1001) == [peer(1)])
        await search.report(peer(1), digest: digest(1), by: 0)
        #expect(await search.lookUp(digest(1), by: 1001) == nil)
    }

    // MARK: All that have it

    @Test func allThatConfirmAreFoundAndReportedOnesNot() async {
        let finder = Finder([digest(1): [peer(1), peer(2), peer(3), peer(4)]])
        let probe = Probe([
            peer(1): .confirmed, peer(2): .denied, peer(3): .refused, peer(4): .confirmed,
        ])
        let search = search(finder, probe)
        #expect(
            await Set(search.found(with: digest(1), for: 0)) == [peer(1), peer(4)])
        await search.report(peer(1), digest: digest(1), by: 0)
        #expect(await search.found(with: digest(1), for: 0) == [peer(4)])
        await search.report(peer(4), digest: digest(1), by: 0)
        // Who does not tell, where nobody does.
        #expect(await search.found(with: digest(1), for: 0) == [peer(3)])
        #expect(await isIdle(search))
    }

    @Test func thoseThatHangAreNotWaitedForLongerThanByALookUp() async {
        let finder = Finder([digest(1): [peer(1), peer(2)]], ends: false)
        let probe = Probe([peer(1): .confirmed], hanging: [peer(2)])
        let search = search(finder, probe)
        async let found = search.found(with: digest(1), for: 0)
        #expect(await becomesTrue { clock.sleeperCount == 4 && probe.asked.count == 2 && probe.active == 1 })
        clock.advance(by: LookupLimits().answerTime)
        #expect(await found == [peer(1)])
        #expect(await isIdle(search))
    }

    // MARK: Sharing, bounds, clients that go

    @Test func lookUpsForTheSameDigestShareOneSearch() async {
        let finder = Finder([digest(1): [peer(1)]], ends: false)
        let probe = Probe([peer(1): .refused])
        let search = search(finder, probe)
        let found = await withTaskGroup { group in
            for _ in 0..<10_000 {
                group.addTask { await search.lookUp(digest(1)) }
            }
            #expect(await becomesTrue { await search.load.clients == 10_000 })
            finder.end(digest(1))
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(found == [peer(1): 10_000])
        #expect(finder.asked.count == 1)
        #expect(probe.asked.count == 1)
        #expect(await isIdle(search))
    }

    @Test func tenThousandDigestsAtOnceStayBounded() async {
        let finder = Finder(everywhere: [peer(1), peer(2)])
        let probe = Probe([peer(1): .confirmed, peer(2): .denied])
        let search = search(finder, probe)
        let found = await withTaskGroup { group in
            for number in 0..<10_000 {
                group.addTask { await search.lookUp(digest(number)) }
            }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(found == [peer(1): 10_000])
        #expect(finder.mostActive <= LookupLimits().searches)
        #expect(await isIdle(search))
    }

    @Test func thoseThatWaitEndWhenTheirOwnTimeIsUp() async {
        let finder = Finder(ends: false)
        let search = search(finder, Probe([:])) { $0.searches = 4 }
        let found = await withTaskGroup { group in
            for number in 0..<100 {
                group.addTask { await search.lookUp(digest(number)) }
            }
            #expect(await becomesTrue { await search.load == .init(running: 4, waiting: 96, clients: 100) })
            #expect(await becomesTrue { clock.sleeperCount == 4 * 4 + 1 })
            clock.advance(by: LookupLimits().searchTime)
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(found.count == 100)
        #expect(found.allSatisfy { $0 == nil })
        #expect(finder.mostActive <= 4)
        #expect(await isIdle(search))
        // Those that were not searched for are not known to be with nobody.
        #expect(finder.asked.count == 4)
        finder.state.withLock { state in
            state.ends = true
            state.everywhere = [peer(1)]
        }
        for number in 0..<100 { _ = await search.lookUp(digest(number)) }
        #expect(finder.asked.count == 100)
    }

    @Test func nextOneBeginsWhenAnotherEnds() async {
        let finder = Finder([digest(2): [peer(1)]], ends: false)
        let search = search(finder, Probe([peer(1): .confirmed])) { $0.searches = 1 }
        async let first = search.lookUp(digest(1))
        #expect(await becomesTrue { finder.asked == [digest(1)] })
        async let second = search.lookUp(digest(2))
        #expect(await becomesTrue { await search.load.waiting == 1 })
        finder.end(digest(1))
        #expect(await first == nil)
        #expect(await second == peer(1))
        // Nor does the queue watch the time any more.
        #expect(await becomesTrue { clock.sleeperCount == 0 })
    }

    /// Others may ask as much as they like.
    @Test(arguments: [0, 7] as [UInt32])
    func crowdLeavesRootAndTheDaemonTheirShares(user: UInt32) async {
        let finder = Finder([digest(1000): [peer(1)], digest(3): [peer(1)]], ends: false)
        let search = search(finder, Probe([peer(1): .confirmed])) { limits in
            limits.searches = 4
            limits.crowd = 2
            limits.reservedSearches = 1
        }
        let crowd = Task {
            await withTaskGroup { group in
                for number in 0..<100 { group.addTask { await search.lookUp(digest(number + 10), by: 1000) } }
            }
        }
        #expect(await becomesTrue { await search.load == .init(running: 4, waiting: 96, clients: 100) })
        #expect(await search.lookUp(digest(1000), by: user) == peer(1))
        // One that waits in the crowd comes forward when root asks for it too.
        let waiting = Task { await search.lookUp(digest(3), by: 1000) }
        #expect(await becomesTrue { await search.load.waiting == 97 })
        #expect(await search.lookUp(digest(3), by: user) == peer(1))
        #expect(await waiting.value == peer(1))
        crowd.cancel()
        await crowd.value
        #expect(await isIdle(search))
    }

    /// So many at a time, each share by itself; the others wait.
    @Test func searchesForAllTakeTurns() async {
        let finder = Finder(ends: false)
        let search = search(finder, Probe([:])) { $0.thoroughSearches = 2 }
        let others = (0..<5).map { number in
            Task { await search.found(with: digest(number), for: 1000) }
        }
        #expect(await becomesTrue { finder.active == 2 })
        let root = Task { await search.found(with: digest(9), for: 0) }
        #expect(await becomesTrue { finder.asked.contains(digest(9)) })
        finder.end(digest(9))
        #expect(await root.value == [])
        for number in 0..<5 {
            #expect(await becomesTrue { finder.asked.count > number + 1 })
            for digest in finder.asked { finder.end(digest) }
        }
        for task in others { #expect(await task.value == []) }
        #expect(finder.mostActive <= 3)
        #expect(await isIdle(search))
    }

    @Test func moreThanMayWaitGetNobodyAtOnce() async {
        let finder = Finder(ends: false)
        let search = search(finder, Probe([:])) { limits in
            limits.searches = 1
            limits.waiting = 1
        }
        async let first = search.lookUp(digest(1))
        #expect(await becomesTrue { await search.load.running == 1 })
        async let second = search.lookUp(digest(2))
        #expect(await becomesTrue { await search.load.waiting == 1 })
        #expect(await search.lookUp(digest(3)) == nil)
        finder.end(digest(1))
        #expect(await first == nil)
        #expect(await becomesTrue { finder.asked.count == 2 })
        finder.end(digest(2))
        #expect(await second == nil)
    }

    @Test func clientThatGoesEndsTheSearchAndThoseItAsked() async {
        let finder = Finder([digest(1): [peer(1)]], ends: false)
        let probe = Probe([:], hanging: [peer(1)])
        let search = search(finder, probe)
        let client = Task { await search.lookUp(digest(1)) }
        #expect(await becomesTrue { probe.active == 1 })
        client.cancel()
        #expect(await client.value == nil)
        #expect(await isIdle(search))
        #expect(finder.active == 0)
        #expect(probe.active == 0)
        #expect(clock.sleeperCount == 0)
        // It says nothing of the digest or the peer.
        probe.state.withLock { state in
            state.hanging = []
            state.outcomes[peer(1)] = .confirmed
        }
        #expect(await search.lookUp(digest(1)) == peer(1))
    }

    @Test func clientThatGoesLeavesTheSearchToOthers() async {
        let finder = Finder([digest(1): [peer(1)]], ends: false)
        let search = search(finder, Probe([peer(1): .refused]))
        let gone = Task { await search.lookUp(digest(1)) }
        async let stays = search.lookUp(digest(1))
        #expect(await becomesTrue { await search.load.clients == 2 })
        gone.cancel()
        #expect(await gone.value == nil)
        finder.end(digest(1))
        #expect(await stays == peer(1))
    }

    @Test func clientThatGoesWhileItWaitsIsNotSearchedFor() async {
        let finder = Finder(ends: false)
        let search = search(finder, Probe([:])) { $0.searches = 1 }
        async let first = search.lookUp(digest(1))
        #expect(await becomesTrue { await search.load.running == 1 })
        let second = Task { await search.lookUp(digest(2)) }
        #expect(await becomesTrue { await search.load.waiting == 1 })
        second.cancel()
        #expect(await second.value == nil)
        finder.end(digest(1))
        #expect(await first == nil)
        #expect(await isIdle(search))
        #expect(finder.asked == [digest(1)])
    }

    @Test func whoIsCancelledBeforeAsksNobody() async {
        let finder = Finder()
        let search = search(finder, Probe([:]))
        let client = Task {
            _ = await becomesTrue { Task.isCancelled }
            return await search.lookUp(digest(1))
        }
        client.cancel()
        #expect(await client.value == nil)
        #expect(finder.asked.isEmpty)
    }

    @Test func peersPastTheLimitAreNotAsked() async {
        let finder = Finder([digest(1): (0..<200).map(peer)], ends: false)
        let probe = Probe([:])
        let search = search(finder, probe)
        // It does not wait for a finder that never ends.
        #expect(await search.lookUp(digest(1)) == nil)
        #expect(probe.asked.count == LookupLimits().peers)
        #expect(probe.state.withLock { $0.mostActive } <= LookupLimits().probesAtOnce)
        #expect(finder.active == 0)
    }
}
