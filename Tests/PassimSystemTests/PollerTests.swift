import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite struct PollerTests {
    @Test func wakeUpFromAnotherThreadEndsTheWait() throws {
        let poller = try Poller(capacity: 4)
        let wakeUp = Shared(try WakeUp())
        try poller.add(wakeUp.value.descriptor.lend { $0 }, .input, token: 42)
        let thread = try SystemThread(name: "waker") { wakeUp.value.signal() }
        #expect(try poller.wait(milliseconds: 10_000) == 1)
        thread.join()
        #expect(poller.event(0).token == 42)
        #expect(poller.event(0).interest == .input)
    }

    @Test func manySignalsAreOneWakeUpUntilCleared() throws {
        let poller = try Poller(capacity: 4)
        let wakeUp = try WakeUp()
        try poller.add(wakeUp.descriptor.lend { $0 }, .input, token: .max)
        for _ in 0..<1000 { wakeUp.signal() }
        #expect(try poller.wait(milliseconds: 0) == 1)
        #expect(try poller.wait(milliseconds: 0) == 1)
        #expect(poller.event(0).token == .max)
        wakeUp.clear()
        #expect(try poller.wait(milliseconds: 0) == 0)
        // Clearing what is clear does not block.
        wakeUp.clear()
    }

    @Test func moreEventsThanRoomComeInTurns() throws {
        let poller = try Poller(capacity: 2)
        let wakeUps = try (0..<5).map { _ in Shared(try WakeUp()) }
        for (token, wakeUp) in wakeUps.enumerated() {
            try poller.add(wakeUp.value.descriptor.lend { $0 }, .input, token: UInt64(token))
            wakeUp.value.signal()
        }
        var seen: Set<UInt64> = []
        while try poller.wait(milliseconds: 0) > 0, seen.count < 5 {
            let token = poller.event(0).token
            seen.insert(token)
            wakeUps[Int(token)].value.clear()
        }
        #expect(seen == [0, 1, 2, 3, 4])
    }

    @Test func interestIsModifiedAndRemoved() throws {
        let poller = try Poller(capacity: 4)
        let wakeUp = try WakeUp()
        let number = wakeUp.descriptor.lend { $0 }
        try poller.add(number, .input, token: 1)
        #expect(try poller.wait(milliseconds: 0) == 0)
        try poller.modify(number, [.input, .output], token: 2)
        #expect(try poller.wait(milliseconds: 0) == 1)
        #expect(poller.event(0).token == 2)
        #expect(poller.event(0).interest == .output)
        try poller.remove(number)
        #expect(try poller.wait(milliseconds: 0) == 0)
        let error = #expect(throws: SystemError.self) { try poller.remove(number) }
        #expect(error?.code == .notFound)
    }

    @Test func signalEndsTheWaitWithoutEvents() throws {
        let poller = try Poller(capacity: 1)
        FaultPlan.$current.withValue(FaultPlan([.epoll_wait: [.interrupted, .invalid]])) {
            #expect((try? poller.wait(milliseconds: -1)) == 0)
            let error = #expect(throws: SystemError.self) { try poller.wait(milliseconds: -1) }
            #expect(error?.code == .invalid)
        }
    }

    @Test func waitThatFailsGoesOnAndIsToldOnce() throws {
        let told = Lock<[SystemError]>([])
        let poller = try Poller(capacity: 1) { error in told.withLock { $0.append(error) } }
        let wakeUp = try WakeUp()
        try poller.add(wakeUp.descriptor.lend { $0 }, .input, token: 7)
        wakeUp.signal()
        let plan = FaultPlan([.epoll_wait: Array(repeating: .outOfMemory, count: 20)])
        try FaultPlan.$current.withValue(plan) {
            for _ in 0..<20 {
                let count = try poller.wait(milliseconds: -1)
                #expect(count == 0)
            }
        }
        #expect(try poller.wait(milliseconds: -1) == 1)
        #expect(poller.event(0).token == 7)
        #expect(told.withLock { $0 } == [SystemError(code: .outOfMemory, call: .epoll_wait)])
    }

    @Test func waitThatAlwaysFailsIsAnErrorInTheEnd() throws {
        let poller = try Poller(capacity: 1)
        let plan = FaultPlan([.epoll_wait: Array(repeating: .inputOutput, count: 2000)])
        FaultPlan.$current.withValue(plan) {
            let error = #expect(throws: SystemError.self) {
                for _ in 0..<2000 { _ = try poller.wait(milliseconds: 0) }
            }
            #expect(error?.code == .inputOutput)
        }
        #expect(plan.calls.count < 1000)
    }

    @Test func regularFileCannotBePolled() throws {
        let scratch = ScratchDirectory()
        let file = try Descriptor.open(try scratch.write("file", ""), .readOnly)
        let poller = try Poller(capacity: 1)
        let number = file.lend { $0 }
        let error = #expect(throws: SystemError.self) { try poller.add(number, .input, token: 0) }
        #expect(error?.code == .notPermitted)
    }

    /// Lets a closure and a collection hold what cannot be copied.
    private final class Shared: Sendable {
        let value: WakeUp

        init(_ value: consuming WakeUp) {
            self.value = value
        }
    }
}
