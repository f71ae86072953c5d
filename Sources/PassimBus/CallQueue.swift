internal import PassimCore
internal import PassimSystem

/// Threads for calls that may block: so many at once, and so many that wait; what is more is refused. There are
/// threads only while there is work.
final class CallQueue: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var threads = 0
        var isClosed = false
    }

    private let name: String
    private let maximumThreads: Int
    private let maximumWaiting: Int
    private let state = Lock(State())
    private let idle = Doorbell()

    /// - Parameter name: of the threads, at most 15 bytes.
    init(name: String, threads: Int, waiting: Int) {
        self.name = name
        maximumThreads = threads
        maximumWaiting = waiting
    }

    /// - Returns: false where it is refused.
    func submit(_ call: @escaping @Sendable () -> Void) -> Bool {
        enum Action { case refuse, wait, start }
        let action = state.withLock { state in
            if state.isClosed { return Action.refuse }
            if state.threads < maximumThreads {
                state.threads += 1
                return .start
            }
            if state.waiting.count >= maximumWaiting { return .refuse }
            state.waiting.append(call)
            return .wait
        }
        switch action {
        case .refuse: return false
        case .wait: return true
        case .start: break
        }
        do throws(SystemError) {
            _ = try SystemThread(name: name) { self.run(call) }
            return true
        } catch {
            // No thread can be had; those that there are take what waits.
            state.withLock { $0.threads -= 1 }
            return false
        }
    }

    private func run(_ first: @Sendable () -> Void) {
        first()
        while let next = next() { next() }
        idle.ring(everyone: true)
    }

    private func next() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
            state.threads -= 1
            return nil
        }
    }

    /// Refuses what comes from now on, drops what waits, and waits for what runs.
    ///
    /// - Parameter deadline: of `monotonicNanoseconds()`.
    func close(until deadline: UInt64) {
        let dropped = state.withLock { state in
            defer { state.waiting = [] }
            state.isClosed = true
            return state.waiting
        }
        // Freed without the lock: a call that is dropped is answered.
        _ = dropped
        while monotonicNanoseconds() < deadline {
            let ticket = idle.ticket()
            if state.withLock({ $0.threads == 0 }) { return }
            idle.wait(after: ticket, until: deadline)
        }
    }
}
