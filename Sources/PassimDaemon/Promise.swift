internal import PassimCore

/// An answer that several may give, of which the first counts, and a task that waits for it.
final class Promise<Answer: Sendable>: Sendable {
    private struct State {
        var answer: Answer?
        var waiting: CheckedContinuation<Answer, Never>?
    }

    private let state = Lock(State())

    /// - Returns: true if it is the first.
    @discardableResult
    func fulfil(with answer: Answer) -> Bool {
        let (isFirst, waiting) = state.withLock { state -> (Bool, CheckedContinuation<Answer, Never>?) in
            if state.answer != nil { return (false, nil) }
            state.answer = answer
            defer { state.waiting = nil }
            return (true, state.waiting)
        }
        waiting?.resume(returning: answer)
        return isFirst
    }

    /// One task, once.
    func wait() async -> Answer {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state in
                if state.answer == nil { state.waiting = continuation }
                return state.answer
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }
}
