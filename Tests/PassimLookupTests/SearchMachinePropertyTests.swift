import PassimCore
import PassimTestKit
import Testing

@testable import PassimLookup

/// A search in a network made up at random, with a time that a test keeps.
@Suite struct SearchMachinePropertyTests {
    private struct Machine {
        var found: Duration
        var rank: PeerRank
        var outcome: ProbeOutcome
        var latency: Duration
    }

    private let limits = LookupLimits()
    private let asked: Duration = .seconds(3)

    private func milliseconds(_ range: Range<Int>, _ generator: inout SeededGenerator) -> Duration {
        .milliseconds(Int.random(in: range, using: &generator))
    }

    private func network(_ generator: inout SeededGenerator) -> [Peer: Machine] {
        let count = generator.chance(10) ? 100 : Int.random(in: 0..<8, using: &generator)
        let outcomes: [ProbeOutcome] = [.confirmed, .refused, .denied, .failed, .failed]
        // Often only some of these are there at all.
        let possible = Array(
            outcomes.shuffled(using: &generator).prefix(Int.random(in: 1...5, using: &generator)))
        return Dictionary(
            uniqueKeysWithValues: (0..<count).map { number in
                let rank: PeerRank = generator.chance(70) ? .good : generator.pick([.bad, .reported])
                let latency = milliseconds(generator.chance(80) ? 1..<40 : 1..<600, &generator)
                return (
                    peer(number),
                    Machine(
                        found: milliseconds(generator.chance(80) ? 0..<400 : 0..<1500, &generator),
                        rank: rank, outcome: generator.pick(possible), latency: latency)
                )
            })
    }

    /// What is to happen, with its time.
    private struct Agenda {
        private var events: [(time: Duration, order: Int, event: SearchMachine.Event)] = []
        private var order = 0

        mutating func add(_ time: Duration, _ event: SearchMachine.Event) {
            order += 1
            events.append((time, order, event))
        }

        mutating func next() -> (time: Duration, event: SearchMachine.Event)? {
            guard let first = events.min(by: { ($0.time, $0.order) < ($1.time, $1.order) }) else {
                return nil
            }
            events.removeAll { $0.order == first.order }
            return (first.time, first.event)
        }
    }

    private struct Course {
        var asked: [Peer: Duration] = [:]
        var mostAtOnce = 0
        /// What the search was told.
        var answers: [Peer: ProbeOutcome] = [:]
        var end: Duration?
        var candidates: [Candidate] = []
    }

    private func run(_ network: [Peer: Machine], findingEnds: Duration?, _ comment: Comment) -> Course {
        var search = SearchMachine(asked: asked, limits: limits)
        var course = Course()
        var agenda = Agenda()
        for (peer, machine) in network where findingEnds.map({ machine.found < $0 }) ?? true {
            agenda.add(asked + machine.found, .found(peer, machine.rank))
        }
        if let findingEnds { agenda.add(asked + findingEnds, .findingEnded) }
        var actions = search.begin()
        var now = asked
        while true {
            for action in actions {
                #expect(course.end == nil, comment)
                switch action {
                case .ask(let peer, let limit):
                    #expect(course.asked[peer] == nil, comment)
                    #expect(limit > .zero && limit <= limits.probeTime, comment)
                    #expect(now + limit <= asked + limits.answerTime, comment)
                    course.asked[peer] = now
                    course.mostAtOnce = max(course.mostAtOnce, course.asked.count - course.answers.count)
                    let machine = network[peer]!
                    let isLate = machine.latency > limit
                    agenda.add(
                        now + min(machine.latency, limit),
                        .answered(peer, isLate ? .failed : machine.outcome, latency: machine.latency))
                case .wake(let time):
                    #expect(time >= now, comment)
                    agenda.add(time, .timePassed)
                case .finish(let candidates):
                    course.end = now
                    course.candidates = candidates
                }
            }
            guard let (time, event) = agenda.next() else { return course }
            now = time
            if course.end == nil, case .answered(let peer, let outcome, _) = event {
                course.answers[peer] = outcome
            }
            actions = search.take(event, at: now)
        }
    }

    @Test func everySearchEndsInTimeWithTheBestThatAnswered() throws {
        var generator = SeededGenerator()
        for round in 0..<3000 {
            let comment: Comment = "\(generator), round \(round)"
            let network = network(&generator)
            let findingEnds = generator.chance(50) ? milliseconds(0..<1200, &generator) : nil
            let course = run(network, findingEnds: findingEnds, comment)

            let end = try #require(course.end, comment)
            #expect(end <= asked + limits.answerTime, comment)
            #expect(course.mostAtOnce <= limits.probesAtOnce, comment)
            #expect(course.asked.count <= limits.peers, comment)

            let outcomes = Set(course.candidates.map { course.answers[$0.peer] })
            let confirmed = course.answers.values.contains(.confirmed)
            let refused = course.answers.values.contains(.refused)
            #expect(outcomes == (confirmed ? [.confirmed] : refused ? [.refused] : []), comment)
            #expect(Set(course.candidates.map { network[$0.peer]!.rank }).count <= 1, comment)

            // One that is good, found in time and has it is enough, unless it must wait for its turn.
            let good = network.contains { peer, machine in
                machine.outcome == .confirmed && machine.rank == .good
                    && machine.found < min(limits.searchTime, findingEnds ?? .seconds(9))
                    && machine.latency <= .milliseconds(250)
            }
            if good, network.count <= limits.probesAtOnce { #expect(confirmed, comment) }
        }
    }
}
