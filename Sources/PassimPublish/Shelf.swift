internal import PassimCore

/// What the store has: by content, and by name on disk. No I/O; guarded by the store's lock.
struct Shelf: Sendable {
    /// A file that could not be deleted.
    struct Remainder: Sendable {
        var digest: Digest
        var shareCount: UInt32
    }

    private(set) var items: [Digest: StoredItem] = [:]
    private var names: [RawName: Digest] = [:]
    /// By name on disk.
    var remainders: [RawName: Remainder] = [:]
    /// Counts of files that could not be read: perhaps the next start can.
    var kept: [Digest: UInt32] = [:]
    /// Names of files that the server found changed.
    var rechecks: [RawName] = []
    /// Counts changed since they were saved.
    var isUnsaved = false

    subscript(digest: Digest) -> StoredItem? { items[digest] }

    func digest(of name: RawName) -> Digest? { names[name] }

    /// - Precondition: there is nothing of that digest or name.
    mutating func insert(_ item: StoredItem) {
        precondition(items[item.digest] == nil && names[item.name] == nil)
        items[item.digest] = item
        names[item.name] = item.digest
        remainders[item.name] = nil
        if item.description.shareCount > 0 { isUnsaved = true }
    }

    @discardableResult
    mutating func remove(_ digest: Digest) -> StoredItem? {
        guard let item = items.removeValue(forKey: digest) else { return nil }
        names[item.name] = nil
        if item.description.shareCount > 0 { isUnsaved = true }
        return item
    }

    mutating func add(copy name: RawName, of digest: Digest) {
        items[digest]?.copies.append(name)
    }

    mutating func renew(_ digest: Digest, _ identity: FileIdentity) {
        items[digest]?.renew(identity)
    }

    /// - Returns: the item, from now on not begun again; nil where there is none that is over.
    mutating func leave(_ digest: Digest, at now: Timestamp) -> StoredItem? {
        guard let item = items[digest], item.isOver(at: now) else { return nil }
        items[digest]?.isLeaving = true
        return item
    }

    func over(at now: Timestamp) -> [Digest] {
        items.values.filter { $0.isOver(at: now) }.map(\.digest).sorted()
    }

    /// When the next one is to be deleted for its age.
    var nextDue: Timestamp? { items.values.compactMap(\.due).min() }

    var counts: [Digest: UInt32] {
        var counts = items.mapValues(\.description.shareCount).merging(kept) { known, _ in known }
        for remainder in remainders.values {
            counts[remainder.digest] = max(counts[remainder.digest] ?? 0, remainder.shareCount)
        }
        return counts.filter { $0.value > 0 }
    }

    func isAvailable(_ entry: Entry, at now: Timestamp) -> Bool {
        items[entry.digest]?.isAvailable(entry, at: now) ?? false
    }

    mutating func begin(_ entry: Entry, at now: Timestamp) -> Bool {
        guard let place = items.index(forKey: entry.digest) else { return false }
        return items.values[place].begin(entry, at: now)
    }

    mutating func giveBack(_ entry: Entry) {
        guard let place = items.index(forKey: entry.digest) else { return }
        items.values[place].giveBack(entry)
    }

    /// - Returns: whether there is something to do that there was not before: to save, or to delete.
    mutating func complete(_ entry: Entry) -> Bool {
        guard let place = items.index(forKey: entry.digest), items.values[place].complete(entry) else {
            return false
        }
        let description = items.values[place].description
        defer { isUnsaved = true }
        return !isUnsaved || description.lifetime.isUsedUp(description.shareCount)
    }
}
