import PassimCore
import PassimSystem
import Testing

@Suite struct DoorbellTests {
    @Test func ringAfterTheTicketIsNotLost() {
        let bell = Doorbell()
        let ticket = bell.ticket()
        bell.ring()
        bell.wait(after: ticket, until: nil)
    }

    @Test func waitEndsAtItsDeadline() {
        let bell = Doorbell()
        let deadline = monotonicNanoseconds() + 20_000_000
        bell.wait(after: bell.ticket(), until: deadline)
        #expect(monotonicNanoseconds() >= deadline)
        bell.wait(after: bell.ticket(), until: 0)
    }

    @Test func everyWaitingThreadIsWoken() throws {
        let bell = Doorbell()
        let woken = Lock(0)
        let ticket = bell.ticket()
        let threads = try (0..<4).map { _ in
            try SystemThread(name: "waiter") {
                bell.wait(after: ticket, until: nil)
                woken.withLock { $0 += 1 }
            }
        }
        bell.ring(everyone: true)
        for thread in threads { thread.join() }
        #expect(woken.withLock { $0 } == 4)
    }
}
