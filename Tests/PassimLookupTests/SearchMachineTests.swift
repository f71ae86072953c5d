import PassimCore
import Testing

@testable import PassimLookup

@Suite struct SearchMachineTests {
    private let limits = LookupLimits()
    /// Some time after the clock began.
    private let asked: Duration = .seconds(7)

    private func search() -> SearchMachine { SearchMachine(asked: asked, limits: limits) }

    private func ask(_ number: Int, _ limit: Duration = .milliseconds(300)) -> SearchMachine.Action {
        .ask(peer(number), within: limit)
    }

    private func candidate(_ number: Int, _ milliseconds: Int = 5) -> Candidate {
        Candidate(peer: peer(number), latency: .milliseconds(milliseconds))
    }

    // MARK: A search step by step

    private struct Step {
        var milliseconds: Int
        var event: SearchMachine.Event
        var actions: [SearchMachine.Action]
    }

    private func follow(_ steps: [Step], sourceLocation: SourceLocation = #_sourceLocation) {
        var search = search()
        for (number, step) in steps.enumerated() {
            let actions = search.take(step.event, at: asked + .milliseconds(step.milliseconds))
            #expect(actions == step.actions, "step \(number)", sourceLocation: sourceLocation)
        }
    }

    private func at(_ milliseconds: Int, _ event: SearchMachine.Event, _ actions: SearchMachine.Action...)
        -> Step
    {
        Step(milliseconds: milliseconds, event: event, actions: actions)
    }

    private func found(_ number: Int, _ rank: PeerRank = .good) -> SearchMachine.Event {
        .found(peer(number), rank)
    }

    private func answered(_ number: Int, _ outcome: ProbeOutcome, _ milliseconds: Int = 5)
        -> SearchMachine.Event
    {
        .answered(peer(number), outcome, latency: .milliseconds(milliseconds))
    }

    private func wake(_ milliseconds: Int) -> SearchMachine.Action {
        .wake(at: asked + .milliseconds(milliseconds))
    }

    @Test func itComesBackAtItsTimes() {
        #expect(search().begin() == [wake(500), wake(800), wake(1000), wake(1250)])
    }

    // MARK: Link-local addresses

    @Test func linkLocalAddressIsNotAskedWhileThereMayBeAnother() {
        follow([
            at(180, found(1, .linkLocal), wake(700)),
            at(190, found(2), ask(2)),
            at(195, answered(2, .confirmed), .finish([candidate(2)])),
        ])
    }

    @Test func linkLocalAddressIsAskedAfterAWhileAndAnotherPreferred() {
        follow([
            at(180, found(1, .linkLocal), wake(700)),
            at(690, found(2), ask(2)),
            at(700, .timePassed, ask(1)),
            at(705, answered(1, .confirmed)),
            at(790, answered(2, .confirmed, 100), .finish([candidate(2, 100)])),
        ])
        follow([
            at(180, found(1, .linkLocal), wake(700)),
            at(690, found(2), ask(2)),
            at(700, .timePassed, ask(1)),
            at(705, answered(1, .confirmed)),
            at(790, answered(2, .failed), .finish([candidate(1)])),
        ])
    }

    @Test func linkLocalAddressIsTakenWhereThereIsNothingElse() {
        follow([
            at(180, found(1, .linkLocal), wake(700)),
            at(190, found(2), ask(2)),
            at(195, answered(2, .denied)),
            at(250, .findingEnded, ask(1)),
            at(255, answered(1, .confirmed), .finish([candidate(1)])),
        ])
    }

    @Test func onlyOneThatConfirmsIsTakenAtOnce() {
        follow([
            at(200, found(1), ask(1)),
            at(205, answered(1, .confirmed), .finish([candidate(1)])),
            at(210, found(2)),
        ])
    }

    @Test func firstThatConfirmsWaitsForThoseAskedWithIt() {
        follow([
            at(200, found(1), ask(1)),
            at(200, found(2), ask(2)),
            at(200, found(3), ask(3)),
            at(205, answered(1, .confirmed), wake(225)),
            // Nobody else is asked now.
            at(206, found(4)),
            at(210, answered(2, .confirmed, 10)),
            at(225, .timePassed, .finish([candidate(1), candidate(2, 10)])),
            at(226, answered(3, .confirmed)),
        ])
    }

    @Test func waitingEndsWhenAllHaveAnswered() {
        follow([
            at(200, found(1), ask(1)),
            at(200, found(2), ask(2)),
            at(205, answered(1, .confirmed), wake(225)),
            at(210, answered(2, .refused), .finish([candidate(1)])),
        ])
    }

    @Test func whoRefusedIsTakenWhenAllHaveAnswered() {
        follow([
            at(200, found(1), ask(1)),
            at(201, found(2), ask(2)),
            at(205, answered(1, .refused)),
            at(210, answered(2, .denied)),
            at(990, .findingEnded, .finish([candidate(1)])),
        ])
    }

    @Test func whoRefusedIsTakenWhenTheTimeIsUp() {
        follow([
            at(200, found(1), ask(1)),
            at(205, answered(1, .refused)),
            at(500, .timePassed),
            at(1000, .timePassed, .finish([candidate(1)])),
        ])
    }

    @Test func thoseAskedLateHaveWhatIsLeft() {
        follow([
            at(970, found(1), ask(1, .milliseconds(280))),
            at(999, found(2), ask(2, .milliseconds(251))),
            at(1000, .timePassed),
            at(1001, found(3)),
            at(1100, answered(1, .refused)),
            at(1250, .timePassed, .finish([candidate(1)])),
        ])
    }

    @Test func confirmationNearTheEndIsNotWaitedForLonger() {
        follow([
            at(990, found(1), ask(1, .milliseconds(260))),
            at(990, found(2), ask(2, .milliseconds(260))),
            at(1240, answered(1, .confirmed), wake(1250)),
            at(1250, .timePassed, .finish([candidate(1)])),
        ])
    }

    @Test(arguments: [ProbeOutcome.denied, .failed, .unasked])
    func nobodyIsTheAnswerWhereNobodyHasIt(outcome: ProbeOutcome) {
        follow([
            at(200, found(1), ask(1)),
            at(205, answered(1, outcome)),
            at(700, .findingEnded, .finish([])),
        ])
        follow([at(1, .findingEnded, .finish([]))])
        follow([at(1000, .timePassed, .finish([]))])
    }

    @Test func peerThatIsFoundTwiceIsAskedOnce() {
        follow([
            at(200, found(1), ask(1)),
            at(201, found(1)),
            at(205, answered(1, .denied)),
            at(206, found(1)),
            // An answer that nobody asked for.
            at(207, answered(2, .confirmed)),
            at(300, .findingEnded, .finish([])),
        ])
    }

    @Test func worseOnesAreAskedWhenTheOthersHadTheirTime() {
        follow([
            at(200, found(1, .bad)),
            at(200, found(2, .reported)),
            at(201, found(3), ask(3)),
            at(500, .timePassed, ask(1)),
            at(505, answered(3, .denied)),
            at(800, .timePassed, ask(2)),
            at(805, answered(2, .confirmed), wake(825)),
            at(820, answered(1, .confirmed, 320), .finish([candidate(1, 320)])),
        ])
    }

    @Test func worseOnesAreAskedAtOnceWhereNobodyElseIsLeft() {
        follow([
            at(200, found(1, .bad)),
            at(200, found(2, .reported)),
            at(201, found(3), ask(3)),
            at(210, .findingEnded),
            at(220, answered(3, .failed), ask(1)),
            at(230, answered(1, .failed), ask(2)),
            at(240, answered(2, .confirmed), .finish([candidate(2)])),
        ])
    }

    @Test func betterStandingIsPreferredAmongThoseThatRefuse() {
        follow([
            at(100, found(1, .bad)),
            at(100, found(2), ask(2)),
            at(200, answered(2, .refused, 50)),
            at(300, .findingEnded, ask(1)),
            at(301, answered(1, .refused, 1), .finish([candidate(2, 50)])),
        ])
    }

    @Test func thoroughSearchRanksAllThatConfirm() {
        var search = SearchMachine(asked: .zero, limits: LookupLimits(), isThorough: true)
        _ = search.take(.found(peer(1), .good), at: .zero)
        _ = search.take(.found(peer(2), .good), at: .zero)
        _ = search.take(.found(peer(3), .bad), at: .zero)
        let slow = Duration.milliseconds(90)
        #expect(search.take(.answered(peer(1), .confirmed, latency: slow), at: slow) == [])
        let fast = Duration.milliseconds(10)
        _ = search.take(.answered(peer(2), .confirmed, latency: fast), at: slow)
        // The bad one has its turn when no more are found.
        #expect(search.take(.findingEnded, at: slow) == [.ask(peer(3), within: LookupLimits().probeTime)])
        #expect(
            search.take(.answered(peer(3), .confirmed, latency: .zero), at: slow) == [
                .finish([
                    Candidate(peer: peer(2), latency: fast), Candidate(peer: peer(1), latency: slow),
                    Candidate(peer: peer(3), latency: .zero),
                ])
            ])
    }

    @Test func soManyAreAskedAtOnce() {
        var search = search()
        var actions: [SearchMachine.Action] = []
        for number in 0..<100 { actions += search.take(found(number), at: asked) }
        #expect(actions == (0..<limits.probesAtOnce).map { ask($0) })
        #expect(search.take(answered(3, .failed), at: asked) == [ask(limits.probesAtOnce)])
        // Those past the limit of peers are never asked.
        var next = 0
        while next < limits.peers {
            _ = search.take(answered(next, .failed), at: asked)
            next += 1
        }
        #expect(search.take(.findingEnded, at: asked) == [.finish([])])
    }
}
