/// A set of keys that are remembered for a while. Bounded: when it is full, the half that would go first is
/// forgotten.
struct ExpiringTable<Key: Hashable & Sendable>: Sendable {
    private let capacity: Int
    private var ends: [Key: Duration] = [:]

    /// - Parameter capacity: at least 2.
    init(capacity: Int) {
        self.capacity = capacity
    }

    var count: Int { ends.count }

    func contains(_ key: Key, at now: Duration) -> Bool {
        ends[key].map { $0 > now } ?? false
    }

    mutating func insert(_ key: Key, until end: Duration, at now: Duration) {
        if ends[key] == nil, ends.count >= capacity { makeRoom(at: now) }
        ends[key] = end
    }

    mutating func remove(_ key: Key) {
        ends[key] = nil
    }

    private mutating func makeRoom(at now: Duration) {
        ends = ends.filter { $0.value > now }
        guard ends.count > capacity / 2 else { return }
        // By count and not by time: many may end together.
        let last = ends.sorted { $0.value > $1.value }.prefix(capacity / 2)
        ends = Dictionary(uniqueKeysWithValues: last.map { ($0.key, $0.value) })
    }
}
