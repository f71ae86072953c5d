internal import PassimCore

/// Lets a task wait until some threads have ended.
final class WaitGroup: Sendable {
    private struct State {
        var left: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Lock<State>

    init(_ count: Int) {
        state = Lock(State(left: count))
    }

    func done() {
        let waiting = state.withLock { state in
            state.left -= 1
            guard state.left == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.left > 0 { state.waiting.append(continuation) }
                return state.left == 0
            }
            if isOver { continuation.resume() }
        }
    }
}
