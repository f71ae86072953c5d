internal import PassimCore
internal import PassimGLib

/// Counts calls that hold no thread while they wait, and refuses those beyond a limit.
final class PendingCalls: Sendable {
    private let limit: Int
    private let count = Lock(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// - Returns: false where the call has been refused; else `end` must follow.
    func begin(_ call: BusInvocation) -> Bool {
        let begins = count.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
        if !begins { call.fail(BusNames.limitsExceeded, "too many calls at once: try again later") }
        return begins
    }

    func end() {
        count.withLock { $0 -= 1 }
    }
}
