internal import PassimCore
internal import PassimSystem

/// Closed until something has happened; threads and tasks wait for it.
final class Latch: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [@Sendable () -> Void] = []
    }
    private let state = Lock(State())
    private let bell = Doorbell()

    var isOpen: Bool { state.withLock { $0.isOpen } }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in waiting { body() }
        bell.ring(everyone: true)
    }

    /// Calls `body` when it is open, or now.
    func whenOpen(_ body: @escaping @Sendable () -> Void) {
        let isOpen = state.withLock { state in
            if !state.isOpen { state.waiting.append(body) }
            return state.isOpen
        }
        if isOpen { body() }
    }

    /// - Parameter deadline: in monotonic nanoseconds.
    /// - Returns: whether it is open.
    func wait(until deadline: UInt64) -> Bool {
        while true {
            let ticket = bell.ticket()
            if isOpen { return true }
            if monotonicNanoseconds() >= deadline { return false }
            bell.wait(after: ticket, until: deadline)
        }
    }
}
