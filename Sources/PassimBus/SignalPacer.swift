/// When to send a signal that says only that something changed: the first time at once, and then at most once in an
/// interval however often it changes. Knows no clock: whoever uses it does.
struct SignalPacer {
    enum Action: Hashable {
        /// Send it, and tell `pauseEnded` when the interval is over.
        case send
        case nothing
    }

    private var isPausing = false
    private var hasChanged = false

    /// Something changed.
    mutating func change() -> Action {
        if isPausing {
            hasChanged = true
            return .nothing
        }
        isPausing = true
        return .send
    }

    /// The interval that began with the last `.send` is over.
    mutating func pauseEnded() -> Action {
        isPausing = false
        guard hasChanged else { return .nothing }
        hasChanged = false
        return change()
    }
}
