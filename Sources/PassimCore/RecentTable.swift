/// A dictionary of bounded size. When it is full, it forgets the half that was not touched for longest.
package struct RecentTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let capacity: Int
    /// Values touched since half of the capacity was filled last.
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    /// - Parameter capacity: entries, at least 2.
    package init(capacity: Int) {
        self.capacity = capacity
    }

    package subscript(key: Key) -> Value? {
        get { young[key] ?? old[key] }
        set {
            old[key] = nil
            guard let newValue else {
                young[key] = nil
                return
            }
            if young[key] == nil, young.count >= capacity / 2 {
                old = young
                young = [:]
            }
            young[key] = newValue
        }
    }

    package var count: Int { young.count + old.count }
}

/// A client's address and what it asks for.
package struct ClientDigest: Hashable, Sendable {
    package var address: IPAddress
    package var digest: Digest

    package init(_ address: IPAddress, _ digest: Digest) {
        self.address = address
        self.digest = digest
    }
}
