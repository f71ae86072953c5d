internal import PassimCore

/// Files that were sent lately, opened: saves the four calls and the header fields of a small request.
/// One a reactor, direct-mapped by digest. A descriptor is closed some tenths of a second after its last use, so
/// that a file system can be unmounted and a deleted file's blocks come back.
struct FileCache {
    private var slots: [PreparedFile?]
    private var used = 0

    /// - Parameter capacity: a power of two; how many descriptors it may hold.
    init(capacity: Int) {
        precondition(capacity > 0 && capacity & (capacity - 1) == 0)
        slots = Array(repeating: nil, count: capacity)
    }

    var isEmpty: Bool { used == 0 }

    /// Bytes of content that its files keep in memory.
    var heldBytes: Int { slots.reduce(0) { $0 + ($1?.heldCount ?? 0) } }

    @inline(__always)
    func find(_ entry: Entry) -> PreparedFile? {
        guard let file = slots[slot(entry.digest)], file.entry == entry else { return nil }
        return file
    }

    mutating func insert(_ file: PreparedFile) {
        let slot = slot(file.entry.digest)
        if slots[slot] == nil { used += 1 }
        slots[slot] = file
    }

    mutating func remove(_ entry: Entry) {
        let slot = slot(entry.digest)
        if slots[slot]?.entry == entry {
            slots[slot] = nil
            used -= 1
        }
    }

    /// Forgets what was not used since `time`.
    mutating func expire(before time: UInt64) {
        for slot in slots.indices {
            if let file = slots[slot], file.lastUsed < time {
                slots[slot] = nil
                used -= 1
            }
        }
    }

    /// Gives up all descriptors that no response holds.
    mutating func removeAll() {
        for slot in slots.indices { slots[slot] = nil }
        used = 0
    }

    /// The digest's first word chose the shard of the index; another one spreads here.
    @inline(__always)
    private func slot(_ digest: Digest) -> Int {
        Int(truncatingIfNeeded: digest.words.1) & (slots.count - 1)
    }
}
