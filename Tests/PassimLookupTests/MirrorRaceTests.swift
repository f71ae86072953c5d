import PassimCore
import PassimTestKit
import Testing

@testable import PassimLookup

@Suite struct MirrorRaceTests {
    private let limits = LookupLimits()
    private let asked: Duration = .seconds(7)

    private func contestant(_ number: Int, priority: Int = 0, weight: Int = 1) -> MirrorRace.Contestant {
        .init(host: mirror(number), addresses: [address(number)], priority: priority, weight: weight)
    }

    private func at(_ milliseconds: Int) -> Duration { asked + .milliseconds(milliseconds) }

    private func answer(_ number: Int, _ isConfirmed: Bool, _ milliseconds: Int = 5) -> MirrorRace.Event {
        .answered(mirror(number), isConfirmed: isConfirmed, latency: .milliseconds(milliseconds))
    }

    private func race(
        _ contestants: MirrorRace.Contestant..., isComplete: Bool = true, isThorough: Bool = false
    ) -> MirrorRace {
        var race = MirrorRace(asked: asked, limits: limits, isThorough: isThorough)
        #expect(race.begin() == [.wake(at: at(300))])
        #expect(
            race.take(.field(contestants, isComplete: isComplete), at: asked) == contestants.map { .ask($0) })
        return race
    }

    /// The hosts of an end, or nil where it is none.
    private func winners(_ actions: [MirrorRace.Action]) -> [Int]? {
        guard case .finish(let winners)? = actions.last, actions.count == 1 else { return nil }
        return winners.map { winner in (1...9).first { mirror($0) == winner.host }! }
    }

    @Test func nobodyIsLeftToAsk() {
        var race = MirrorRace(asked: asked, limits: limits)
        _ = race.begin()
        #expect(race.take(.field([], isComplete: true), at: asked) == [.finish([])])
        #expect(race.isFinished)
        #expect(race.take(.timePassed, at: at(300)) == [])
    }

    @Test func allAreAskedAtOnceAndWhoConfirmsIsTaken() {
        var race = race(contestant(1), contestant(2), contestant(3))
        #expect(race.take(answer(1, false), at: at(5)) == [])
        #expect(race.take(answer(2, true), at: at(6)) == [.wake(at: at(26))])
        #expect(winners(race.take(.timePassed, at: at(26))) == [2])
        #expect(race.underWay == [mirror(3)])
    }

    @Test func itEndsWhenAllHaveAnswered() {
        var race = race(contestant(1), contestant(2))
        #expect(race.take(answer(1, true), at: at(5)) == [.wake(at: at(25))])
        #expect(winners(race.take(answer(2, true), at: at(7))) == [1, 2])
        race = self.race(contestant(1), contestant(2))
        #expect(race.take(answer(1, false), at: at(5)) == [])
        #expect(winners(race.take(answer(2, false), at: at(7))) == [])
    }

    @Test func thoseThatHangAreNotWaitedForLonger() {
        var race = race(contestant(1), contestant(2))
        #expect(race.take(answer(1, false), at: at(5)) == [])
        #expect(race.take(.timePassed, at: at(299)) == [])
        #expect(winners(race.take(.timePassed, at: at(300))) == [])
        #expect(race.underWay == [mirror(2)])
    }

    @Test func betterOneHasLonger() {
        var race = race(contestant(1, priority: 10), contestant(2, priority: 20))
        #expect(race.take(answer(2, true), at: at(5)) == [.wake(at: at(100))])
        #expect(race.take(.timePassed, at: at(99)) == [])
        #expect(winners(race.take(answer(1, true), at: at(99))) == [1])
        race = self.race(contestant(1, priority: 10), contestant(2, priority: 20))
        _ = race.take(answer(2, true), at: at(5))
        #expect(winners(race.take(.timePassed, at: at(100))) == [2])
        // A worse one is not waited for.
        race = self.race(contestant(1, priority: 10), contestant(2, priority: 20))
        #expect(winners(race.take(answer(1, true), at: at(5))) == [1])
    }

    @Test func lateConfirmationIsWaitedWithUntilTheEndAndNoLonger() {
        var race = race(contestant(1), contestant(2))
        #expect(race.take(answer(1, true), at: at(295)) == [])
        #expect(winners(race.take(.timePassed, at: at(300))) == [1])
    }

    @Test func mirrorWhoseAddressIsFoundMeanwhileJoins() {
        var race = race(contestant(1), isComplete: false)
        #expect(race.take(answer(1, false), at: at(5)) == [])
        #expect(
            race.take(.field([contestant(1), contestant(2)], isComplete: true), at: at(50)) == [
                .ask(contestant(2))
            ])
        #expect(winners(race.take(answer(2, true), at: at(60))) == [2])
        race = self.race(isComplete: false)
        #expect(winners(race.take(.field([contestant(1)], isComplete: true), at: at(300))) == [])
    }

    @Test func thoroughOneWantsAllBestFirst() {
        var race = race(
            contestant(1, priority: 20), contestant(2, priority: 10), contestant(3, priority: 10),
            contestant(4),
            isThorough: true)
        #expect(race.take(answer(1, true), at: at(5)) == [])
        #expect(race.take(answer(2, true, 50), at: at(50)) == [])
        #expect(race.take(answer(3, true, 60), at: at(60)) == [])
        #expect(winners(race.take(answer(4, false), at: at(70))) == [2, 3, 1])
    }

    @Test func chancesAreThoseOfWeightAndSpeed() throws {
        var race = race(contestant(1, weight: 60), contestant(2, weight: 20), contestant(3, weight: 20))
        _ = race.take(answer(1, true, 0), at: at(1))
        _ = race.take(answer(2, true, 1), at: at(1))
        guard case .finish(let winners)? = race.take(answer(3, true, 2), at: at(2)).last else {
            throw TestFailure("no end")
        }
        let weights = Dictionary(uniqueKeysWithValues: winners.map { ($0.host, $0.weight) })
        #expect(weights == [mirror(1): 60_000, mirror(2): 20_000, mirror(3): 10_000])
    }

    /// Whatever comes in whatever order: each is asked once, and it ends in time, with those that confirmed.
    @Test(arguments: 1...20) func endsInTimeWithThoseThatConfirmed(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let all = (1...5).map {
                contestant(
                    $0, priority: .random(in: 0...2, using: &generator),
                    weight: .random(in: 1...3, using: &generator))
            }
            var race = MirrorRace(
                asked: asked, limits: limits, isThorough: Bool.random(using: &generator))
            var asks: [MirrorHost] = []
            var confirmed: Set<MirrorHost> = []
            var end: [MirrorRace.Winner]?
            var now = asked
            var actions = race.begin()
            while end == nil {
                for action in actions {
                    switch action {
                    case .ask(let contestant): asks.append(contestant.host)
                    case .wake(let time): #expect(time <= at(300))
                    case .finish(let winners): end = winners
                    }
                }
                if end != nil { break }
                actions = []
                now = min(at(300), now + .milliseconds(Int.random(in: 0...60, using: &generator)))
                switch Int.random(in: 0...3, using: &generator) {
                case 0: actions = race.take(.timePassed, at: now)
                case 1:
                    let some = Array(all.prefix(Int.random(in: 0...5, using: &generator)))
                    actions = race.take(.field(some, isComplete: some.count == 5), at: now)
                default:
                    guard let host = asks.randomElement(using: &generator) else { continue }
                    let isConfirmed = Bool.random(using: &generator)
                    if isConfirmed, race.underWay.contains(host) { confirmed.insert(host) }
                    actions = race.take(
                        .answered(host, isConfirmed: isConfirmed, latency: now - asked), at: now)
                }
            }
            #expect(Set(asks).count == asks.count)
            let hosts = Set(end!.map(\.host))
            #expect(hosts.isSubset(of: confirmed))
            #expect(hosts.isEmpty == confirmed.isEmpty)
        }
    }
}
