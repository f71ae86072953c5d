import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimBus

@Suite struct CallQueueTests {
    /// Calls that end when the gate opens.
    private struct Gate {
        let state = Monitor<(isOpen: Bool, begun: Int, ended: Int)>((false, 0, 0))

        func pass() {
            state.withLock { $0.begun += 1 }
            _ = state.wait(seconds: 600) { $0.isOpen ? true : nil }
            state.withLock { $0.ended += 1 }
        }

        func open() { state.withLock { $0.isOpen = true } }
        var begun: Int { state.withLock { $0.begun } }
        var ended: Int { state.withLock { $0.ended } }
    }

    @Test func soManyRunAndWaitAndTheOthersAreRefused() async {
        let queue = CallQueue(name: "test", threads: 3, waiting: 4)
        let gate = Gate()
        let accepted = (0..<9).map { _ in queue.submit { gate.pass() } }
        #expect(accepted == Array(repeating: true, count: 7) + [false, false])
        #expect(await becomesTrue { gate.begun == 3 })
        gate.open()
        #expect(await becomesTrue { gate.ended == 7 })
        // And again, when all threads have gone.
        #expect(queue.submit { gate.pass() })
        #expect(await becomesTrue { gate.ended == 8 })
    }

    @Test func closedQueueDropsWhatWaitsAndWaitsForWhatRuns() async throws {
        let queue = CallQueue(name: "test", threads: 1, waiting: 4)
        let gate = Gate()
        #expect(queue.submit { gate.pass() } && queue.submit { gate.pass() })
        #expect(await becomesTrue { gate.begun == 1 })
        // The time is up, and what runs is left alone.
        queue.close(until: monotonicNanoseconds() + 1_000_000)
        #expect(!queue.submit { gate.pass() })
        gate.open()
        try await onOwnThread { queue.close(until: monotonicNanoseconds() + 600_000_000_000) }
        #expect(gate.begun == 1 && gate.ended == 1)
    }
}
