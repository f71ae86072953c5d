internal import PassimCore

/// Closed until something has happened, for any number of causes; threads and tasks wait for it.
package final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [@Sendable () -> Void] = []
    }
    private let state = Lock(State())
    private let eventCount = EventCount()

    package init() {}

    package var isOpen: Bool { state.withLock { $0.isOpen } }

    package func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in waiting { body() }
        eventCount.notify(all: true)
    }

    /// Calls `body` when it is open, or now.
    package func whenOpen(_ body: @escaping @Sendable () -> Void) {
        let isOpen = state.withLock { state in
            if !state.isOpen { state.waiting.append(body) }
            return state.isOpen
        }
        if isOpen { body() }
    }

    /// Waits as a task, and keeps no thread.
    package func wait() async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            whenOpen { continuation.resume() }
        }
    }

    /// Blocks the thread.
    ///
    /// - Parameter deadline: in monotonic nanoseconds.
    /// - Returns: true if it is open.
    package func wait(until deadline: UInt64) -> Bool {
        while true {
            let ticket = eventCount.ticket()
            if isOpen { return true }
            if monotonicNanoseconds() >= deadline { return false }
            eventCount.wait(after: ticket, until: deadline)
        }
    }
}
