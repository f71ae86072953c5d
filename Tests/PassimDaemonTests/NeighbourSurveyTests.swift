import PassimCore
import PassimTestKit
import Testing

@testable import PassimDaemon

struct NeighbourSurveyTests {
    /// Who asks, and what it is answered.
    private final class Network: Sendable {
        let asked = Lock(0)
        let answers: Lock<AsyncStream<Neighbour>.Continuation?> = Lock(nil)

        func ask() -> AsyncStream<Neighbour> {
            let (stream, continuation) = AsyncStream.makeStream(of: Neighbour.self)
            asked.withLock { $0 += 1 }
            answers.withLock { $0 = continuation }
            return stream
        }

        func answer(_ neighbour: Neighbour) { _ = answers.withLock { $0 }?.yield(neighbour) }
        func end() { answers.withLock { $0 }?.finish() }
    }

    private let network = Network()

    private func neighbour(_ name: String) -> Neighbour {
        Neighbour(name: name, host: "", peer: Peer(address: IPAddress(ipv4: 1), port: 1))
    }

    @Test(.timeLimit(.minutes(5))) func answersAreShownAsTheyComeAndKept() async {
        let survey = NeighbourSurvey { [network] in network.ask() }
        #expect(survey.look(waiting: 0).isComplete == false)
        #expect(await becomesTrue { network.asked.withLock { $0 } == 1 })
        network.answer(neighbour("b"))
        network.answer(neighbour("a"))
        #expect(await becomesTrue { survey.look(waiting: 0).found.map(\.name) == ["a", "b"] })
        #expect(survey.look(waiting: 0).isComplete == false)
        network.end()
        #expect(await becomesTrue { survey.look(waiting: 0).isComplete })
        #expect(survey.look(waiting: 0).found.map(\.name) == ["a", "b"])
        // Nobody is asked again so soon.
        #expect(network.asked.withLock { $0 } == 1)
    }

    @Test(.timeLimit(.minutes(5))) func machinesAreCountedWithoutWaitingForThem() async {
        let survey = NeighbourSurvey { [network] in network.ask() }
        #expect(survey.machineCount == nil)
        #expect(await becomesTrue { network.asked.withLock { $0 } == 1 })
        network.answer(neighbour("a"))
        var other = neighbour("a")
        other.peer.port = 2
        network.answer(other)
        network.answer(neighbour("b"))
        // Not before all have answered: a number that is too low would be an alert.
        #expect(survey.machineCount == nil)
        network.end()
        #expect(await becomesTrue { survey.machineCount == 2 })
        #expect(network.asked.withLock { $0 } == 1)
    }

    @Test(.timeLimit(.minutes(5))) func nobodyIsThereWhereNobodyAnswers() async {
        let survey = NeighbourSurvey { [network] in network.ask() }
        _ = survey.look(waiting: 0)
        #expect(await becomesTrue { network.asked.withLock { $0 } == 1 })
        network.end()
        #expect(await becomesTrue { survey.look(waiting: 0).isComplete })
        #expect(survey.look(waiting: 0).found.isEmpty)
    }
}
