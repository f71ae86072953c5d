internal import Glibc
internal import PassimCore

/// A file's rank in an order: no two files have the same key.
struct SortKey {
    let position: Position
    /// By name: the path.
    let name: [UInt8]

    init(_ position: Position, name: UnsafeRawBufferPointer) {
        self.position = position
        self.name = Array(name)
    }

    /// All of it but the path, so that most comparisons need no more, and nothing is allocated.
    struct Position {
        /// The size, the seconds, or the first bytes of the path.
        let major: UInt64
        /// Nanoseconds.
        let minor: UInt32
        let id: EntryID

        init(_ entry: Entry, name: UnsafeRawBufferPointer, _ order: ListingOrder) {
            id = entry.id
            switch order {
            case .none: (major, minor) = (0, 0)
            case .size: (major, minor) = (entry.identity.size, 0)
            case .modified:
                let time = entry.identity.modified
                // Times before 1970 before those after it.
                (major, minor) = (UInt64(bitPattern: time.seconds) ^ 1 << 63, time.nanoseconds)
            case .name: (major, minor) = (Position.beginning(of: name), 0)
            }
        }

        /// Big-endian, padded with zeros: compares as the bytes do, as far as it goes.
        private static func beginning(of name: UnsafeRawBufferPointer) -> UInt64 {
            if name.count >= 8 { return UInt64(bigEndian: name.loadUnaligned(as: UInt64.self)) }
            return name.enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(56 - 8 * $1.offset) }
        }
    }

    /// True if a file stands before the one of this key, from the first to the last.
    @inline(__always)
    func follows(_ other: Position, _ name: UnsafeRawBufferPointer) -> Bool {
        if other.major != position.major { return other.major < position.major }
        if other.minor != position.minor { return other.minor < position.minor }
        if !self.name.isEmpty {
            let order = self.name.withUnsafeBytes { compare(name, $0) }
            if order != 0 { return order < 0 }
        }
        return other.id.number < position.id.number
    }
}

/// As memcmp(3), the shorter of two first where one begins with the other.
private func compare(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Int {
    guard let first = one.baseAddress, let second = other.baseAddress else { return one.count - other.count }
    let order = memcmp(first, second, min(one.count, other.count))
    return order != 0 ? Int(order) : one.count - other.count
}
