/// A dictionary that holds `limit` values at most: when it is full, the older half goes.
struct Generations<Key: Hashable, Value> {
    private let limit: Int
    private var recent: [Key: Value] = [:]
    private var older: [Key: Value] = [:]

    init(limit: Int) {
        self.limit = limit
    }

    var isEmpty: Bool { recent.isEmpty && older.isEmpty }

    /// Values cannot be removed.
    subscript(key: Key) -> Value? {
        get { recent[key] ?? older[key] }
        set {
            guard let newValue else { return }
            recent[key] = newValue
            if recent.count >= max(1, limit / 2) {
                older = recent
                recent = [:]
            }
        }
    }
}
