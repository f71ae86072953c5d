/// When one kind of trouble may be told of again: not within ten seconds, and ever more seldom if it does not end, up to
/// once an hour. Whatever a client can bring about comes as often as the client likes.
package struct WarningPace: Sendable {
    private var until: UInt64 = 0
    private var length: UInt64 = 0
    private var unsaid = 0

    private static let shortest: UInt64 = 10_000_000_000
    private static let longest: UInt64 = 3_600_000_000_000

    package init() {}

    /// The trouble is there: makes its warning if one is due.
    ///
    /// - Parameter now: of a monotonic clock, in nanoseconds.
    /// - Returns: the message, with the number of those that were left out before it; nil: nothing is to be said.
    package mutating func warning(at now: UInt64, _ message: () -> String) -> String? {
        if now < until {
            unsaid += 1
            return nil
        }
        let hasGoneOn = length > 0 && now - until < length
        length = hasGoneOn ? min(2 * length, WarningPace.longest) : WarningPace.shortest
        until = now + length
        defer { unsaid = 0 }
        return message() + (unsaid > 0 ? " (and \(unsaid) times before)" : "")
    }
}
