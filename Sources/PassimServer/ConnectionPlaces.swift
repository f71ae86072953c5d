internal import Synchronization

/// The places for connections, of all reactors together.
final class ConnectionPlaces: Sendable {
    private let taken = Atomic<Int>(0)

    /// How many are taken.
    var count: Int { taken.load(ordering: .relaxed) }

    /// Takes a place: of reactors that accept at once, one gets the last.
    ///
    /// - Returns: false where as many as `limit` are taken.
    func take(limit: Int) -> Bool {
        var count = taken.load(ordering: .relaxed)
        while count < limit {
            let (isTaken, present) = taken.weakCompareExchange(
                expected: count, desired: count + 1, ordering: .relaxed)
            if isTaken { return true }
            count = present
        }
        return false
    }

    func leave() {
        taken.subtract(1, ordering: .relaxed)
    }
}
