internal import Logging
internal import PassimCore
internal import PassimSystem

/// Says what went wrong, but not the same kind of trouble again within ten seconds, and ever more seldom if it does
/// not end: whatever a client can bring about comes as often as the client likes.
final class WarningPacer: Sendable {
    private struct State {
        var until: UInt64 = 0
        var length: UInt64 = 0
        var unsaid = 0
    }

    private let logger: Logger
    private let state = Lock(State())

    private static let shortest: UInt64 = 10_000_000_000
    private static let longest: UInt64 = 3_600_000_000_000

    init(_ logger: Logger) {
        self.logger = logger
    }

    /// - Parameter now: of a monotonic clock, in nanoseconds.
    func warn(_ message: @autoclosure () -> String, at now: UInt64 = monotonicNanoseconds()) {
        let unsaid = state.withLock { state -> Int? in
            if now < state.until {
                state.unsaid += 1
                return nil
            }
            let hasGoneOn = state.length > 0 && now - state.until < state.length
            state.length =
                hasGoneOn ? min(2 * state.length, WarningPacer.longest) : WarningPacer.shortest
            state.until = now + state.length
            defer { state.unsaid = 0 }
            return state.unsaid
        }
        guard let unsaid else { return }
        logger.warning("\(message())\(unsaid > 0 ? " (and \(unsaid) times before)" : "")")
    }
}
