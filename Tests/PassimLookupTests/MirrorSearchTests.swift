import PassimCore
import PassimTestKit
import Testing

@testable import PassimLookup

/// A resolver and mirrors that a test makes up.
final class Mirrors: MirrorProbe, NameResolver {
    struct Question: Hashable {
        var host: MirrorHost
        var digest: Digest
    }

    struct State {
        var addresses: [String: HostAddresses] = [:]
        var targets: [String: ServiceTargets] = [:]
        /// `.failed` where there is none.
        var outcomes: [MirrorHost: MirrorOutcome] = [:]
        /// Names and mirrors that do not answer until they are let go.
        var hanging: Set<String> = []
        var resolved: [String] = []
        var asked: [Question] = []
        var active = 0
    }

    let state = Lock(State())

    init(_ outcomes: [MirrorHost: MirrorOutcome] = [:], hanging: Set<String> = []) {
        state.withLock { state in
            state.outcomes = outcomes
            state.hanging = hanging
        }
    }

    private func waitWhileHanging(_ name: String) async {
        _ = await becomesTrue { Task.isCancelled || !state.withLock { $0.hanging.contains(name) } }
    }

    func addresses(of name: String) async -> HostAddresses {
        state.withLock { $0.resolved.append(name) }
        await waitWhileHanging(name)
        return state.withLock { $0.addresses[name] ?? .found([address(1)]) }
    }

    func targets(of domain: String) async -> ServiceTargets {
        await waitWhileHanging("srv:\(domain)")
        return state.withLock { $0.targets[domain] ?? .failed("there is no such name") }
    }

    func probe(
        _ host: MirrorHost, at addresses: [IPAddress], for digest: Digest, within limit: Duration
    ) async -> MirrorOutcome {
        state.withLock { state in
            state.asked.append(Question(host: host, digest: digest))
            state.active += 1
        }
        defer { state.withLock { $0.active -= 1 } }
        await waitWhileHanging(host.authority)
        return Task.isCancelled ? .unasked : state.withLock { $0.outcomes[host] ?? .failed("made up") }
    }

    var asked: [Question] { state.withLock { $0.asked } }
    var active: Int { state.withLock { $0.active } }

    func asked(for digest: Digest) -> Set<MirrorHost> {
        Set(asked.filter { $0.digest == digest }.map(\.host))
    }

    func letGo(_ name: String) { state.withLock { _ = $0.hanging.remove(name) } }
}

@Suite struct MirrorSearchTests {
    private let clock = ManualClock()

    private func newSearch(_ mirrors: Mirrors) -> MirrorSearch {
        MirrorSearch(probe: mirrors, resolver: mirrors, clock: clock, generator: SeededGenerator(seed: 1))
    }

    /// One that has found the addresses of its mirrors.
    private func search(_ mirrors: Mirrors, _ named: MirrorHost...) async -> MirrorSearch {
        let search = newSearch(mirrors)
        search.replace(named.map { .host($0) })
        _ = await becomesTrue { search.usable.count == named.count }
        return search
    }

    private func status(_ search: MirrorSearch, _ name: MirrorHost) -> MirrorStatus? {
        search.statuses.first { $0.name == name.authority }
    }

    @Test func whoConfirmsIsTakenAndAllAreAsked() async {
        let mirrors = Mirrors([mirror(1): .denied, mirror(2): .confirmed, mirror(3): .denied])
        let search = await search(mirrors, mirror(1), mirror(2), mirror(3))
        #expect(await search.search(digest(1)) == [mirror(2)])
        #expect(mirrors.asked(for: digest(1)) == [mirror(1), mirror(2), mirror(3)])
        #expect(await becomesTrue { mirrors.active == 0 })
    }

    @Test func nobodyIsAskedWhereNoneIsNamed() async {
        let mirrors = Mirrors()
        let search = newSearch(mirrors)
        #expect(await search.search(digest(1)) == [])
        #expect(mirrors.asked == [] && search.statuses == [])
    }

    @Test func whoHangsIsWaitedForOnceAndThenLeftAlone() async {
        let mirrors = Mirrors([mirror(2): .denied], hanging: [mirror(1).authority])
        let search = await search(mirrors, mirror(1), mirror(2))
        async let first = search.search(digest(1))
        #expect(
            await becomesTrue { mirrors.active == 1 && mirrors.asked.count == 2 && clock.sleeperCount == 1 })
        clock.advance(by: LookupLimits().mirrorTime)
        #expect(await first == [])
        #expect(status(search, mirror(1))?.problem == .late)
        // Its question goes on, and nobody waits for it.
        #expect(mirrors.active == 1)
        #expect(await search.search(digest(2)) == [])
        #expect(mirrors.asked(for: digest(2)) == [mirror(2)])
        mirrors.state.withLock { $0.outcomes[mirror(1)] = .confirmed }
        mirrors.letGo(mirror(1).authority)
        // The connection is there now.
        #expect(await becomesTrue { status(search, mirror(1))?.found ?? 0 >= 1 })
        #expect(await search.search(digest(3)) == [mirror(1)])
        #expect(status(search, mirror(1))?.problem == nil)
    }

    @Test func oneQuestionToEachGoesOnAndOthersAreEnded() async {
        let mirrors = Mirrors(hanging: [mirror(1).authority])
        let search = await search(mirrors, mirror(1))
        async let first = search.search(digest(1))
        async let second = search.search(digest(2))
        #expect(await becomesTrue { mirrors.active == 2 && clock.sleeperCount == 2 })
        clock.advance(by: LookupLimits().mirrorTime)
        _ = await (first, second)
        #expect(await becomesTrue { mirrors.active == 1 })
        mirrors.letGo(mirror(1).authority)
        #expect(await becomesTrue { mirrors.active == 0 })
        #expect(await becomesTrue { status(search, mirror(1))?.asked == 1 })
    }

    @Test func resolverThatHangsDelaysNobody() async {
        let mirrors = Mirrors([mirror(1): .confirmed, mirror(2): .denied], hanging: ["mirror2", "srv:lan"])
        let search = newSearch(mirrors)
        search.replace([.service(domain: "lan"), .host(mirror(2)), .host(mirror(1))])
        // The one that is known answers.
        #expect(await search.search(digest(1)) == [mirror(1)])
        mirrors.state.withLock { $0.outcomes[mirror(1)] = .denied }
        async let second = search.search(digest(2))
        // Others may come for so long from when they were looked for.
        #expect(await becomesTrue { mirrors.asked(for: digest(2)) == [mirror(1)] && clock.sleeperCount >= 1 })
        clock.advance(by: LookupLimits().mirrorTime)
        #expect(await second == [])
        #expect(await search.search(digest(3)) == [])
        mirrors.state.withLock { $0.outcomes[mirror(2)] = .confirmed }
        mirrors.letGo("mirror2")
        #expect(await becomesTrue { await search.search(digest(4)) == [mirror(2)] })
        #expect(mirrors.state.withLock { $0.resolved.filter { $0 == "mirror2" }.count } == 1)
    }

    @Test func mirrorWhoseNameIsFoundMeanwhileIsAsked() async {
        let mirrors = Mirrors([mirror(1): .confirmed], hanging: ["mirror1"])
        let search = newSearch(mirrors)
        search.replace([.host(mirror(1))])
        async let found = search.search(digest(1))
        #expect(await becomesTrue { clock.sleeperCount == 1 })
        mirrors.letGo("mirror1")
        #expect(await found == [mirror(1)])
    }

    @Test func targetsOfADomainAreAsked() async {
        let mirrors = Mirrors([mirror(1): .confirmed, mirror(2): .confirmed])
        mirrors.state.withLock { state in
            state.targets["lan"] = .found(
                [
                    ServiceTarget(host: mirror(1), priority: 20, weight: 0),
                    ServiceTarget(host: mirror(2), priority: 10, weight: 0),
                ], lifetime: .seconds(60))
        }
        let search = newSearch(mirrors)
        search.replace([.service(domain: "lan")])
        #expect(await becomesTrue { await search.search(digest(1)).first != nil })
        #expect(
            await becomesTrue { await search.search(digest(2), isThorough: true) == [mirror(2), mirror(1)] })
    }

    @Test func searchThatIsCancelledEndsAtOnce() async {
        let mirrors = Mirrors(hanging: [mirror(1).authority])
        let search = await search(mirrors, mirror(1))
        let task = Task { await search.search(digest(1)) }
        #expect(await becomesTrue { mirrors.active == 1 })
        task.cancel()
        #expect(await task.value == [])
        mirrors.letGo(mirror(1).authority)
        #expect(await becomesTrue { mirrors.active == 0 })
    }

    @Test func oneThatSentWrongBytesIsPassedOverOrTakenLast() async {
        let mirrors = Mirrors([mirror(1): .confirmed, mirror(2): .confirmed])
        let search = await search(mirrors, mirror(1), mirror(2))
        #expect(await becomesTrue { await search.search(digest(9), isThorough: true).count == 2 })
        let lied = await search.search(digest(1), isThorough: true) {
            $0 == mirror(1) ? .ofThisDigest : .none
        }
        #expect(lied == [mirror(2)])
        #expect(mirrors.asked(for: digest(1)) == [mirror(2)])
        let doubted = await search.search(digest(2), isThorough: true) { $0 == mirror(1) ? .general : .none }
        #expect(doubted == [mirror(2), mirror(1)])
    }

    @Test func oneWithAProblemIsAskedAgainWhenSomebodyLooks() async {
        let mirrors = Mirrors([mirror(1): .wrongKey])
        let search = await search(mirrors, mirror(1))
        #expect(await search.search(digest(1)) == [])
        #expect(status(search, mirror(1))?.problem == .wrongKey)
        mirrors.state.withLock { $0.outcomes[mirror(1)] = .denied }
        clock.advance(by: LookupLimits().longestMirrorRest)
        #expect(await becomesTrue { status(search, mirror(1))?.problem == nil })
        #expect(mirrors.asked.count == 2)
    }

    // MARK: With the network

    private func lookup(_ mirrors: MirrorSearch, _ finder: Finder, _ probe: Probe) -> PeerSearch {
        PeerSearch(
            mirrors: mirrors, finder: finder, probe: probe, daemonUser: 7, clock: clock,
            generator: SeededGenerator(seed: 1))
    }

    private let client = LookupClient { nil }

    @Test func networkIsNotAskedForWhatAMirrorHas() async {
        let mirrors = Mirrors([mirror(1): .confirmed])
        let finder = Finder(everywhere: [peer(1)])
        let lookup = lookup(await search(mirrors, mirror(1)), finder, Probe([peer(1): .confirmed]))
        #expect(await lookup.lookUp(digest(1), client: client) == .mirror(mirror(1)))
        #expect(finder.asked == [])
        #expect(await becomesTrue { await lookup.load == .init(running: 0, waiting: 0, clients: 0) })
    }

    @Test func networkIsAskedForWhatNoMirrorHas() async {
        let mirrors = Mirrors([mirror(1): .denied])
        let finder = Finder(everywhere: [peer(1)])
        let lookup = lookup(await search(mirrors, mirror(1)), finder, Probe([peer(1): .confirmed]))
        #expect(await lookup.lookUp(digest(1), client: client) == .peer(peer(1)))
        #expect(mirrors.asked(for: digest(1)) == [mirror(1)])
    }

    @Test func mirrorsComeBeforePeersWhereAllAreWanted() async {
        let mirrors = Mirrors([mirror(1): .confirmed])
        let lookup = lookup(
            await search(mirrors, mirror(1)), Finder(everywhere: [peer(1)]), Probe([peer(1): .confirmed]))
        #expect(await lookup.findPeers(with: digest(1), for: 0) == [.mirror(mirror(1)), .peer(peer(1))])
        await lookup.report(.mirror(mirror(1)), digest: digest(1), by: 0)
        #expect(await lookup.findPeers(with: digest(1), for: 0) == [.peer(peer(1))])
        #expect(await lookup.lookUp(digest(1), client: client) == .peer(peer(1)))
    }

    @Test func clientsThatWantTheSameShareOneQuestion() async {
        let mirrors = Mirrors([mirror(1): .confirmed], hanging: [mirror(1).authority])
        let lookup = lookup(await search(mirrors, mirror(1)), Finder(), Probe([:]))
        let clients = (0..<20).map { _ in Task { await lookup.lookUp(digest(1), client: client) } }
        #expect(await becomesTrue { await lookup.load.clients == 20 && mirrors.active == 1 })
        mirrors.letGo(mirror(1).authority)
        for client in clients { #expect(await client.value == .mirror(mirror(1))) }
        #expect(mirrors.asked.count == 1)
    }

    @Test func withoutMulticastNobodyElseIsAskedAndNobodyIsKnownAtOnce() async {
        let mirrors = Mirrors([mirror(1): .denied])
        let lookup = PeerSearch(
            mirrors: await search(mirrors, mirror(1)), finder: NoPeers(), probe: Probe([:]), daemonUser: 7,
            clock: clock)
        #expect(await lookup.lookUp(digest(1), client: client) == nil)
        // Remembered, so that it is not asked again.
        #expect(await lookup.lookUp(digest(1), client: client) == nil)
        #expect(mirrors.asked.count == 1)
    }
}
