import PassimCore
import PassimSystem
import PassimTestKit
import Testing

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

    /// What waits for the one thread there is, in the order in which it runs.
    @Test func usersTakeTurnsAndRootComesFirst() async {
        let queue = CallQueue(name: "test", threads: 1, waiting: 8, waitingPerUser: 3)
        let gate = Gate()
        let order = Monitor<[String]>([])
        #expect(queue.submit(for: 1) { gate.pass() })
        let accepted = [1, 1, 1, 1, 2, 2, 0].map { (user: UInt32) in
            queue.submit(for: user) { order.withLock { $0.append("\(user)") } }
        }
        #expect(accepted == [true, true, true, false, true, true, true])
        gate.open()
        #expect(await becomesTrue { order.withLock { $0 } == ["0", "1", "2", "1", "2", "1"] })
    }

    @Test func othersLeaveRootItsThreadAndItsPlaces() async {
        let queue = CallQueue(name: "test", threads: 3, rootThreads: 1, waiting: 2)
        let gate = Gate()
        let accepted = (1...6).map { user in queue.submit(for: user) { gate.pass() } }
        #expect(accepted == [true, true, true, true, false, false])
        #expect(await becomesTrue { gate.begun == 2 })
        #expect((0..<4).map { _ in queue.submit(for: 0) { gate.pass() } } == [true, true, true, false])
        #expect(await becomesTrue { gate.begun == 3 })
        gate.open()
        #expect(await becomesTrue { gate.ended == 7 })
    }
}
