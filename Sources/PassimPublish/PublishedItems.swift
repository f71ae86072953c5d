internal import PassimCore

/// The published items in memory: by content, and by name on disk. No I/O; guarded by the store's lock.
struct PublishedItems: Sendable {
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
    /// Items came, went or changed since their digests were saved.
    var areDigestsUnsaved = false

    subscript(digest: Digest) -> StoredItem? { items[digest] }

    func digest(of name: RawName) -> Digest? { names[name] }

    /// - Precondition: there is nothing of that digest or name.
    mutating func insert(_ item: StoredItem) {
        precondition(items[item.digest] == nil && names[item.name] == nil)
        items[item.digest] = item
        names[item.name] = item.digest
        remainders[item.name] = nil
        areDigestsUnsaved = true
        if item.description.shareCount > 0 { isUnsaved = true }
    }

    @discardableResult
    mutating func remove(_ digest: Digest) -> StoredItem? {
        guard let item = items.removeValue(forKey: digest) else { return nil }
        names[item.name] = nil
        areDigestsUnsaved = true
        if item.description.shareCount > 0 { isUnsaved = true }
        return item
    }

    mutating func add(copy name: RawName, of digest: Digest) {
        items[digest]?.copies.append(name)
    }

    mutating func renew(_ digest: Digest, _ identity: FileIdentity, isSure: Bool) {
        items[digest]?.renew(identity)
        items[digest]?.isSure = isSure
        areDigestsUnsaved = true
    }

    /// The digests that may be remembered.
    var digests: [FileIdentity: Digest] {
        Dictionary(
            items.values.filter(\.isSure).map { ($0.identity, $0.digest) },
            uniquingKeysWith: { one, _ in one })
    }

    enum Place {
        case free
        /// An item whose time is over has it: it is not begun again.
        case over(StoredItem)
        case taken
    }

    /// Looked at once: an item may age between two looks.
    mutating func place(for digest: Digest, at now: UInt64) -> Place {
        guard let item = items[digest] else { return .free }
        return leave(digest, at: now) != nil ? .over(item) : .taken
    }

    /// - Returns: the item, from now on not begun again; nil where there is none that is over.
    mutating func leave(_ digest: Digest, at now: UInt64) -> StoredItem? {
        guard let item = items[digest], item.isOver(at: now) else { return nil }
        items[digest]?.isLeaving = true
        return item
    }

    func over(at now: UInt64) -> [Digest] {
        items.values.filter { $0.isOver(at: now) }.map(\.digest).sorted()
    }

    /// When the next one is to be deleted for its age.
    var nextDue: UInt64? { items.values.compactMap(\.due).min() }

    var counts: [Digest: UInt32] {
        var counts = items.mapValues(\.description.shareCount).merging(kept) { known, _ in known }
        for remainder in remainders.values {
            counts[remainder.digest] = max(counts[remainder.digest] ?? 0, remainder.shareCount)
        }
        return counts.filter { $0.value > 0 }
    }

    func isAvailable(_ entry: Entry, at now: UInt64) -> Bool {
        items[entry.digest]?.isAvailable(entry, at: now) ?? false
    }

    mutating func begin(_ entry: Entry, bytes: UInt64, at now: UInt64) -> Bool {
        guard let place = items.index(forKey: entry.digest) else { return false }
        return items.values[place].begin(entry, bytes: bytes, at: now)
    }

    /// - Returns: whether that completes a share; and whether there is something to do that there was not before:
    ///   to save, or to delete.
    mutating func end(_ delivery: Delivery) -> (completesShare: Bool, needsWork: Bool) {
        guard let place = items.index(forKey: delivery.entry.digest) else {
            return (StoredItem.isWhole(delivery), false)
        }
        let (completesShare, isCounted) = items.values[place].end(delivery)
        guard completesShare, isCounted else { return (completesShare, false) }
        let description = items.values[place].description
        defer { isUnsaved = true }
        return (true, !isUnsaved || description.lifetime.isUsedUp(description.shareCount))
    }
}
