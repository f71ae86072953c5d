internal import PassimCore
internal import PassimSystem

/// Which address was sent which digest, and until when it is not sent it again.
///
/// Bounded: when it is full, the oldest half is forgotten. Forgetting lets a client have a file again,
/// which is cheaper than remembering without end.
final class CooldownTable: Sendable {
    private struct Key: Hashable {
        var address: IPAddress
        var digest: Digest
    }

    private let capacity: Int
    private let ends = Lock<[Key: UInt64]>([:])

    init(capacity: Int = 65536) {
        self.capacity = capacity
    }

    /// - Returns: whether `address` may have `digest` now; from then on it may not for `seconds`.
    func begin(_ digest: Digest, for address: IPAddress, seconds: Int, now: UInt64) -> Bool {
        let key = Key(address: address, digest: digest)
        return ends.withLock { ends in
            if let end = ends[key], end > now { return false }
            if ends.count >= capacity { makeRoom(&ends, now: now) }
            ends[key] = now &+ UInt64(seconds) &* 1_000_000_000
            return true
        }
    }

    /// Whether a cooldown holds, without starting one.
    func holds(_ digest: Digest, for address: IPAddress, now: UInt64) -> Bool {
        ends.withLock { ($0[Key(address: address, digest: digest)] ?? 0) > now }
    }

    /// The download was cut off: it does not count.
    func giveBack(_ digest: Digest, for address: IPAddress) {
        _ = ends.withLock { $0.removeValue(forKey: Key(address: address, digest: digest)) }
    }

    private func makeRoom(_ ends: inout [Key: UInt64], now: UInt64) {
        ends = ends.filter { $0.value > now }
        guard ends.count > capacity / 2 else { return }
        // By count and not by time: many may end together.
        let last = ends.sorted { $0.value > $1.value }.prefix(capacity / 2)
        ends = Dictionary(uniqueKeysWithValues: last.map { ($0.key, $0.value) })
    }
}
