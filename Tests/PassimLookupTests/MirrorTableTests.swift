import PassimCore
import Testing

@testable import PassimLookup

@Suite struct MirrorTableTests {
    private let limits = LookupLimits()
    /// Some time after the clock began.
    private let start: Duration = .seconds(100)

    private func later(_ milliseconds: Int) -> Duration { start + .milliseconds(milliseconds) }

    /// With the addresses of all that are named found at `start`.
    private func table(_ mirrors: NamedMirror...) -> MirrorTable {
        var table = MirrorTable(limits)
        for action in table.replace(mirrors, at: start) {
            if case .resolve(let name) = action {
                table.take(addresses: .found([address(1)]), of: name, at: start)
            }
        }
        return table
    }

    private func hosts(_ table: inout MirrorTable, at now: Duration) -> [MirrorHost] {
        table.contestants(at: now).contestants.map(\.host)
    }

    private func ask(
        _ table: inout MirrorTable, _ outcome: MirrorOutcome, after milliseconds: Int = 5, at asked: Duration
    ) {
        table.noteAsked(box, for: digest(1))
        table.note(outcome, of: box, asked: asked, at: asked + .milliseconds(milliseconds))
    }

    private func status(_ table: inout MirrorTable, at now: Duration) -> MirrorStatus? {
        table.statuses(at: now).statuses.first
    }

    // MARK: Names

    @Test func nameIsResolvedWhenItIsNamedAndAgainWhenItIsWantedAfterAMinute() {
        var table = MirrorTable(limits)
        #expect(table.isEmpty)
        #expect(table.replace([.host(box)], at: start) == [.resolve(name: "box")])
        #expect(!table.isEmpty)
        // Once at a time.
        let first = table.contestants(at: later(10))
        #expect(first.contestants == [] && !first.isComplete && first.actions == [])
        table.take(addresses: .found([address(1), address(2)]), of: "box", at: later(20))
        let second = table.contestants(at: later(30))
        #expect(
            second.contestants == [
                .init(host: box, addresses: [address(1), address(2)], priority: 0, weight: 1)
            ])
        #expect(second.isComplete && second.actions == [])
        // Nobody asks for those of a name without need.
        #expect(table.statuses(at: later(90_000)).actions == [])
        let third = table.contestants(at: later(60_020))
        #expect(third.contestants == second.contestants && third.actions == [.resolve(name: "box")])
        // The name server is away: the addresses of before do.
        table.take(addresses: .failed("no answer"), of: "box", at: later(61_000))
        #expect(hosts(&table, at: later(61_001)) == [box])
        #expect(status(&table, at: later(61_001))?.problem == nil)
        #expect(table.contestants(at: later(71_000)).actions == [.resolve(name: "box")])
    }

    @Test func nobodyWaitsForAResolverThatHangs() {
        var table = MirrorTable(limits)
        _ = table.replace([.host(box), .service(domain: "lan")], at: start)
        #expect(!table.contestants(at: later(299)).isComplete)
        let late = table.contestants(at: later(300))
        #expect(late.isComplete && late.contestants == [])
        // It is not asked once more while it hangs.
        #expect(table.contestants(at: later(600_000)).actions == [])
    }

    @Test func nameWithoutAddressIsAProblemAndTriedAgainWhenSomebodyLooks() {
        var table = MirrorTable(limits)
        _ = table.replace([.host(box)], at: start)
        table.take(addresses: .failed("Name or service not known"), of: "box", at: start)
        #expect(hosts(&table, at: later(1)) == [])
        #expect(status(&table, at: later(1))?.problem == .unknown("Name or service not known"))
        #expect(table.statuses(at: later(10_000)).actions == [.resolve(name: "box")])
        table.take(addresses: .found([address(1)]), of: "box", at: later(10_001))
        #expect(status(&table, at: later(10_002))?.problem == nil)
    }

    @Test func ownAddressIsNeverAsked() {
        var table = MirrorTable(limits)
        _ = table.replace([.host(box), .host(other)], at: start)
        table.take(addresses: .own, of: "box", at: start)
        table.take(addresses: .found([address(2)]), of: "other", at: start)
        let field = table.contestants(at: later(1))
        #expect(field.contestants.map(\.host) == [other] && field.isComplete)
        #expect(table.statuses(at: later(1)).statuses.map(\.isOwn) == [true, false])
    }

    @Test func whatStaysNamedKeepsWhatIsKnownOfIt() {
        var table = table(.host(box), .host(other))
        ask(&table, .confirmed, at: start)
        #expect(table.replace([.host(box)], at: later(10)) == [])
        #expect(hosts(&table, at: later(10)) == [box])
        #expect(status(&table, at: later(10))?.found == 1)
        // With a pin it is another one.
        let pinned = MirrorHost(name: "box", pin: "sha256//x")
        #expect(table.replace([.host(pinned)], at: later(20)) == [])
        #expect(status(&table, at: later(20))?.found == 0)
        #expect(table.host(withAuthority: "BOX:27500") == pinned)
        #expect(table.host(withAuthority: "other:27500") == nil)
        // An answer to a question of before.
        table.note(.confirmed, of: box, asked: start, at: later(30))
        #expect(table.replace([], at: later(40)) == [])
        #expect(table.isEmpty && table.statuses(at: later(40)).statuses == [])
    }

    // MARK: Records

    private func target(_ name: String, _ priority: UInt16, _ weight: UInt16 = 0) -> ServiceTarget {
        ServiceTarget(host: MirrorHost(name: name), priority: priority, weight: weight)
    }

    @Test func targetsOfADomainAreAskedInTheirOrder() {
        var table = MirrorTable(limits)
        #expect(table.replace([.service(domain: "lan")], at: start) == [.findTargets(domain: "lan")])
        let resolving = table.take(
            targets: .found([target("b", 20), target("a", 10, 60)], lifetime: .seconds(300)), of: "lan",
            at: start)
        #expect(resolving == [.resolve(name: "a"), .resolve(name: "b")])
        table.take(addresses: .found([address(1)]), of: "a", at: start)
        table.take(addresses: .found([address(2)]), of: "b", at: start)
        #expect(
            table.contestants(at: later(1)).contestants == [
                .init(host: MirrorHost(name: "a"), addresses: [address(1)], priority: 10, weight: 60),
                .init(host: MirrorHost(name: "b"), addresses: [address(2)], priority: 20, weight: 1),
            ])
    }

    @Test(arguments: [(0, 30), (29, 30), (300, 300), (3601, 3600), (1 << 31, 3600)])
    func recordsAreAskedForAgainAfterTheirTTLWithinBounds(lifetime: Int, expected: Int) {
        var table = MirrorTable(limits)
        _ = table.replace([.service(domain: "lan")], at: start)
        _ = table.take(targets: .found([target("a", 0)], lifetime: .seconds(lifetime)), of: "lan", at: start)
        table.take(addresses: .own, of: "a", at: start)
        func isAskedFor(at seconds: Int) -> Bool {
            table.contestants(at: start + .seconds(seconds)).actions.contains(.findTargets(domain: "lan"))
        }
        #expect(!isAskedFor(at: expected - 1))
        #expect(isAskedFor(at: expected))
        #expect(!isAskedFor(at: expected))
    }

    @Test func domainThatCannotBeAskedKeepsItsTargetsAndOneWithoutIsAProblem() {
        var table = MirrorTable(limits)
        _ = table.replace([.service(domain: "lan")], at: start)
        _ = table.take(targets: .failed("no name server answers"), of: "lan", at: start)
        var status = status(&table, at: later(1))
        #expect(status?.name == "srv:lan")
        #expect(status?.problem == .unknown("no name server answers"))
        #expect(table.statuses(at: later(30_000)).actions == [.findTargets(domain: "lan")])
        _ = table.take(
            targets: .found([target("a", 0)], lifetime: .seconds(60)), of: "lan", at: later(30_000))
        table.take(addresses: .found([address(1)]), of: "a", at: later(30_000))
        _ = table.contestants(at: later(90_000))
        _ = table.take(targets: .failed("no name server answers"), of: "lan", at: later(90_001))
        #expect(hosts(&table, at: later(90_002)) == [MirrorHost(name: "a")])
        status = self.status(&table, at: later(90_002))
        #expect(status?.name == "a:27500" && status?.problem == nil)
        _ = table.contestants(at: later(120_001))
        _ = table.take(targets: .found([], lifetime: .seconds(60)), of: "lan", at: later(120_002))
        #expect(hosts(&table, at: later(120_003)) == [])
        #expect(self.status(&table, at: later(120_003))?.name == "srv:lan")
    }

    @Test func hostThatIsNamedItselfIsWhatItsNameSays() {
        let pinned = MirrorHost(name: "A", pin: "sha256//x")
        var table = table(.service(domain: "lan"), .host(pinned))
        _ = table.take(
            targets: .found([target("a", 5), target("b", 0)], lifetime: .seconds(60)), of: "lan", at: start)
        table.take(addresses: .found([address(2)]), of: "b", at: start)
        #expect(hosts(&table, at: later(1)) == [pinned, MirrorHost(name: "b")])
    }

    // MARK: Answers

    @Test func answersAreCounted() {
        var table = table(.host(box))
        for outcome in [MirrorOutcome.confirmed, .confirmed, .denied, .failed("x"), .unasked] {
            ask(&table, outcome, at: start)
        }
        let status = status(&table, at: later(10))
        #expect(status?.asked == 4 && status?.found == 2 && status?.missing == 1 && status?.failed == 1)
    }

    @Test func oneThatFailsIsLeftAloneForLongerEachTime() {
        var table = table(.host(box))
        var now = start
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            #expect(hosts(&table, at: now) == [box])
            ask(&table, .failed("refused"), at: now)
            // A question of before says nothing new.
            table.note(.failed("refused"), of: box, asked: now, at: now + .milliseconds(7))
            now += .milliseconds(5)
            #expect(hosts(&table, at: now + .seconds(seconds) - .milliseconds(1)) == [])
            #expect(status(&table, at: now)?.problem == .unreachable("refused"))
            now += .seconds(seconds)
        }
        ask(&table, .denied, at: now)
        #expect(status(&table, at: now + .milliseconds(6))?.problem == nil)
        ask(&table, .failed("refused"), at: now + .milliseconds(10))
        #expect(hosts(&table, at: now + .milliseconds(1016)) == [box])
    }

    /// A connection takes longer to make than an answer over it.
    @Test func oneThatAnswersLateIsAskedAgainAtOnceButNotForEver() {
        var table = table(.host(box))
        var now = start
        for _ in 0..<2 {
            table.noteAsked(box, for: digest(1))
            table.noteLate(box, asked: now, at: now + .milliseconds(300))
            #expect(hosts(&table, at: now + .milliseconds(301)) == [])
            table.note(.denied, of: box, asked: now, at: now + .milliseconds(400))
            now += .milliseconds(400)
            #expect(hosts(&table, at: now) == [box])
        }
        table.noteAsked(box, for: digest(1))
        table.noteLate(box, asked: now, at: now + .milliseconds(300))
        table.note(.denied, of: box, asked: now, at: now + .milliseconds(400))
        #expect(hosts(&table, at: now + .milliseconds(401)) == [])
        #expect(status(&table, at: now + .milliseconds(401))?.problem == .late)
        now += .seconds(30)
        ask(&table, .confirmed, at: now)
        #expect(status(&table, at: now + .milliseconds(6))?.problem == nil)
    }

    @Test(arguments: [(MirrorOutcome.wrongKey, MirrorStatus.Problem.wrongKey), (.refused, .refusing)])
    func oneThatIsNotWhatWasNamedIsLeftAlone(outcome: MirrorOutcome, problem: MirrorStatus.Problem) {
        var table = table(.host(box))
        ask(&table, outcome, at: start)
        #expect(hosts(&table, at: start + .seconds(29)) == [])
        #expect(status(&table, at: later(6))?.problem == problem)
        #expect(hosts(&table, at: start + .seconds(31)) == [box])
        ask(&table, .confirmed, at: start + .seconds(31))
        #expect(status(&table, at: start + .seconds(32))?.problem == nil)
    }

    @Test func oneWithAProblemIsLookedAfterWhenSomebodyLooks() throws {
        var table = table(.host(box))
        ask(&table, .failed("refused"), at: start)
        #expect(table.statuses(at: later(500)).actions == [])
        let contestant = MirrorTable.Contestant(host: box, addresses: [address(1)], priority: 0, weight: 1)
        #expect(table.statuses(at: later(2000)).actions == [.check(contestant, digest(1))])
        // Once at a time.
        #expect(table.statuses(at: later(2000)).actions == [])
        ask(&table, .denied, at: later(2000))
        let (statuses, actions) = table.statuses(at: later(2010))
        #expect(statuses.map(\.problem) == [nil] && actions == [])
    }
}
