internal import PassimCore

/// Something that happens once, for any number of causes, and a task that waits for it.
final class Once: Sendable {
    private struct State {
        var hasHappened = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Lock(State())

    func happen() {
        let waiting = state.withLock { state in
            state.hasHappened = true
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// One task at a time.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.hasHappened { state.waiting = continuation }
                return state.hasHappened
            }
            if isOver { continuation.resume() }
        }
    }
}
