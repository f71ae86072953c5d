internal import PassimCore

/// Hands batches to subscribers, one at a time and in their order, on the threads that made them.
final class BatchFeed: Sendable {
    private struct State {
        var waiting: [Batch] = []
        var subscribers: [(number: UInt64, body: @Sendable (Batch) -> Void)] = []
        var latest: UInt64 = 0
    }

    private let state = Lock(State())
    /// Held while subscribers are called; before `state`, and never together with a lock of the index.
    private let delivery = Lock(())

    func subscribe(_ body: @escaping @Sendable (Batch) -> Void) -> Subscription {
        let number = state.withLock { state in
            state.latest += 1
            state.subscribers.append((state.latest, body))
            return state.latest
        }
        return Subscription { [self] in
            state.withLock { state in state.subscribers.removeAll { $0.number == number } }
        }
    }

    /// Called under the writers' lock, so that the order is that of the changes.
    func enqueue(_ batch: Batch) {
        state.withLock { state in
            if !state.subscribers.isEmpty { state.waiting.append(batch) }
        }
    }

    /// Returns when all that was enqueued before has been handed over, by this thread or another.
    func deliver() {
        if state.withLock({ $0.subscribers.isEmpty && $0.waiting.isEmpty }) { return }
        delivery.withLock { _ in
            while true {
                let (batches, subscribers) = state.withLock { state in
                    defer { state.waiting = [] }
                    return (state.waiting, state.subscribers)
                }
                if batches.isEmpty { return }
                for batch in batches {
                    for subscriber in subscribers { subscriber.body(batch) }
                }
            }
        }
    }
}

/// A standing wish to be told of batches; it ends with `cancel` or when it is let go.
package final class Subscription: Sendable {
    private let end: Lock<(@Sendable () -> Void)?>

    init(_ end: @escaping @Sendable () -> Void) {
        self.end = Lock(end)
    }

    deinit { cancel() }

    /// No batch is handed over that comes after this; a call that has begun on another thread may still run.
    package func cancel() {
        let action = end.withLock { end in
            defer { end = nil }
            return end
        }
        action?()
    }
}
