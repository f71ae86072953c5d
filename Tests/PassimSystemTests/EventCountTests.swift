import PassimCore
import PassimSystem
import Testing

@Suite struct EventCountTests {
    @Test func ringAfterTheTicketIsNotLost() {
        let eventCount = EventCount()
        let ticket = eventCount.ticket()
        eventCount.notify()
        eventCount.wait(after: ticket, until: nil)
    }

    @Test func waitEndsAtItsDeadline() {
        let eventCount = EventCount()
        let deadline = monotonicNanoseconds() + 20_000_000
        eventCount.wait(after: eventCount.ticket(), until: deadline)
        #expect(monotonicNanoseconds() >= deadline)
        eventCount.wait(after: eventCount.ticket(), until: 0)
    }

    @Test func everyWaitingThreadIsWoken() throws {
        let eventCount = EventCount()
        let woken = Lock(0)
        let ticket = eventCount.ticket()
        let threads = try (0..<4).map { _ in
            try SystemThread(name: "waiter") {
                eventCount.wait(after: ticket, until: nil)
                woken.withLock { $0 += 1 }
            }
        }
        eventCount.notify(all: true)
        for thread in threads { thread.join() }
        #expect(woken.withLock { $0 } == 4)
    }
}
