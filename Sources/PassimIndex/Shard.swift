internal import PassimCore

/// The files whose digests begin with one byte: records, the table that finds them, and their names.
///
/// Files with the same digest form a ring, the enabled ones before the others; the table knows the first.
struct Shard: ~Copyable {
    private var records: Slab<Record>
    private var slots = SlotTable()
    private var names = NameArena()
    private var times = TimeTable()
    private var sources = SourceTable()
    private let number: UInt8

    /// - Parameter number: the byte; the upper 8 bits of its entries' numbers.
    init(number: UInt8, limit: Int) {
        records = Slab(limit: limit)
        self.number = number
    }

    /// Files.
    var count: Int { records.count }

    @inline(__always)
    func find(_ digest: Digest) -> Entry? {
        guard let slot = slot(of: digest) else { return nil }
        return entry(slots[slot])
    }

    /// The digest's ring, once around.
    func entries(_ digest: Digest, limit: Int) -> [Entry] {
        guard let slot = slot(of: digest) else { return [] }
        let first = slots[slot]
        var found = [entry(first)]
        var index = records[first].next
        while index != first, found.count < limit {
            found.append(entry(index))
            index = records[index].next
        }
        return found
    }

    /// True if `condition` holds for one of the first `limit` files of a digest that begins so.
    func contains(_ prefix: DigestPrefix, limit: Int, where condition: (Entry) -> Bool) -> Bool {
        // The hash of a digest is in its prefix.
        var probe = slots.probe(prefix.padded.words.1)
        while let position = slots.next(&probe) {
            let first = slots[position]
            guard records[first].hasDigest(beginningWith: prefix) else { continue }
            var index = first
            var left = limit
            repeat {
                if condition(entry(index)) { return true }
                index = records[index].next
                left -= 1
            } while index != first && left > 0
        }
        return false
    }

    /// The entry of a record that lives.
    @inline(__always)
    func entry(_ index: UInt32) -> Entry {
        let record = records[index]
        let source = sources[record.source]
        return Entry(
            id: EntryID(UInt32(number) << 24 | index), digest: record.digest(firstByte: number),
            identity: FileIdentity(
                device: source.device, inode: record.inode.value, size: record.size.value,
                modified: times.unpack(record.modified.value), changed: times.unpack(record.changed.value)),
            origin: source.origin, directory: DirectoryID(record.directory), flags: record.flags)
    }

    /// True if the record is still the file that `other` was: all but the flags are the same.
    func holds(_ other: Entry, at index: UInt32) -> Bool {
        guard records.contains(index) else { return false }
        var current = entry(index)
        current.flags = other.flags
        return current == other
    }

    func name(of index: UInt32) -> UnsafeRawBufferPointer { names.name(at: records[index].name) }

    func isName(_ name: UnsafeRawBufferPointer, of index: UInt32) -> Bool {
        names.isName(at: records[index].name, name)
    }

    func mark(of index: UInt32) -> UInt32 { records[index].mark }

    /// - Returns: the record, and whether nobody had the digest before; nil where the shard takes no more.
    mutating func insert(_ file: NewFile) -> (index: UInt32, appeared: Bool)? {
        guard let identity = pack(file.identity, file.origin) else { return nil }
        guard let place = names.append(file.name) else {
            release(identity)
            return nil
        }
        let record = Record(
            file, name: place, source: identity.source, modified: identity.modified, changed: identity.changed
        )
        guard let index = records.insert(record) else {
            release(identity)
            releaseName(place)
            return nil
        }
        return (index, link(index, file.digest))
    }

    /// The same bytes again, with another identity or other flags; the record keeps its place.
    ///
    /// - Returns: false where the shard cannot hold the identity; nothing has changed then.
    mutating func update(_ index: UInt32, with file: NewFile) -> Bool {
        let old = packedIdentity(of: index)
        guard let identity = pack(file.identity, file.origin) else { return false }
        release(old)
        let wasDisabled = records[index].isDisabled
        records[index].inode = Record.Word(file.identity.inode)
        records[index].size = Record.Word(file.identity.size)
        records[index].modified = Record.Word(identity.modified)
        records[index].changed = Record.Word(identity.changed)
        records[index].source = identity.source
        records[index].mark = file.mark
        records[index].flags = file.flags
        if records[index].isDisabled != wasDisabled {
            _ = unlink(index, file.digest)
            _ = link(index, file.digest)
        }
        return true
    }

    /// - Returns: whether it was the last file with its digest.
    mutating func remove(_ index: UInt32) -> Bool {
        let vanished = unlink(index, records[index].digest(firstByte: number))
        release(packedIdentity(of: index))
        let place = records[index].name
        records.remove(index)
        releaseName(place)
        return vanished
    }

    /// Gives back what mass removal has left empty.
    mutating func trim() {
        if slots.isSparse { rebuildSlots() }
    }

    /// Entries and names of up to `limit` records from number `start` on, in the order of their numbers.
    ///
    /// - Returns: where to go on; nil at the end.
    func collect(from start: UInt32, limit: Int, into items: inout [(entry: Entry, name: RawName)]) -> UInt32?
    {
        var position = start
        for _ in 0..<limit {
            guard let index = records.next(from: position) else { return nil }
            items.append((entry(index), RawName(name(of: index))))
            position = index + 1
        }
        return records.next(from: position)
    }

    /// Entries and names of the next few records from number `start` on, of one origin where there is one.
    ///
    /// - Returns: where to go on; nil at the end.
    func collect(from start: UInt32, of origin: OriginID?, into chunk: inout ListingChunk) -> UInt32? {
        var position = start
        for _ in 0..<ListingChunk.size {
            guard let index = records.next(from: position) else { return nil }
            position = index + 1
            if let origin, sources[records[index].source].origin != origin { continue }
            chunk.append(entry(index), name: name(of: index))
        }
        return records.next(from: position)
    }

    /// Adds the entries of these inodes, on whatever device, among up to `limit` records from number `start` on.
    ///
    /// - Returns: where to go on; nil at the end.
    func collect(
        _ inodes: Set<UInt64>, from start: UInt32, limit: Int, into entries: inout [Entry]
    ) -> UInt32? {
        var position = start
        for _ in 0..<limit {
            guard let index = records.next(from: position) else { return nil }
            if inodes.contains(records[index].inode.value) { entries.append(entry(index)) }
            position = index + 1
        }
        return records.next(from: position)
    }

    /// Tells of the digests whose rings begin among the next few records from number `start` on.
    ///
    /// - Returns: where to go on; nil at the end.
    func forEachDigest(
        from start: UInt32, limit: Int, where condition: (Entry) -> Bool, _ body: (Digest, Timestamp) -> Void
    ) -> UInt32? {
        var position = start
        // A lock is not held for longer than this, or one long ring, takes.
        for _ in 0..<ListingChunk.size {
            guard let first = records.next(from: position) else { return nil }
            position = first + 1
            let digest = records[first].digest(firstByte: number)
            let isAlone = records[first].next == first
            guard isAlone || slot(of: digest).map({ slots[$0] == first }) == true else { continue }
            var latest: Timestamp?
            var index = first
            var left = limit
            repeat {
                let entry = entry(index)
                if condition(entry) { latest = max(latest ?? entry.identity.changed, entry.identity.changed) }
                index = records[index].next
                left -= 1
            } while index != first && left > 0
            if let latest { body(digest, latest) }
        }
        return records.next(from: position)
    }

    func position(ofRank rank: Int) -> UInt32 { records.position(ofRank: rank) }

    // MARK: - The ring of a digest

    @inline(__always)
    private func slot(of digest: Digest) -> UInt32? {
        var probe = slots.probe(digest.words.1)
        while let position = slots.next(&probe) {
            if records[slots[position]].hasDigest(digest) { return position }
        }
        return nil
    }

    /// - Returns: whether the digest is new.
    private mutating func link(_ index: UInt32, _ digest: Digest) -> Bool {
        guard let slot = slot(of: digest) else {
            records[index].next = index
            records[index].previous = index
            if slots.isFull { rebuildSlots() }
            slots.insert(index, hash: digest.words.1)
            return true
        }
        let first = slots[slot]
        let last = records[first].previous
        records[index].next = first
        records[index].previous = last
        records[last].next = index
        records[first].previous = index
        if !records[index].isDisabled { slots[slot] = index }
        return false
    }

    /// - Returns: whether the digest is gone.
    private mutating func unlink(_ index: UInt32, _ digest: Digest) -> Bool {
        guard let slot = slot(of: digest) else { preconditionFailure("a record in no ring") }
        let next = records[index].next
        if next == index {
            slots.remove(at: slot)
            return true
        }
        let previous = records[index].previous
        records[previous].next = next
        records[next].previous = previous
        if slots[slot] == index { slots[slot] = next }
        return false
    }

    private mutating func rebuildSlots() {
        var fresh = SlotTable(roomFor: slots.count)
        var position: UInt32 = 0
        while let filled = slots.nextFilled(from: position) {
            fresh.insert(slots[filled], hash: records[slots[filled]].hash)
            position = filled + 1
        }
        slots = fresh
    }

    // MARK: - What a record refers to

    private typealias PackedIdentity = (source: UInt16, modified: UInt64, changed: UInt64)

    private mutating func pack(_ identity: FileIdentity, _ origin: OriginID) -> PackedIdentity? {
        guard let source = sources.take(origin: origin, device: identity.device) else { return nil }
        guard let modified = times.pack(identity.modified) else {
            sources.release(source)
            return nil
        }
        guard let changed = times.pack(identity.changed) else {
            sources.release(source)
            times.release(modified)
            return nil
        }
        return (source, modified, changed)
    }

    private func packedIdentity(of index: UInt32) -> PackedIdentity {
        (records[index].source, records[index].modified.value, records[index].changed.value)
    }

    private mutating func release(_ identity: PackedIdentity) {
        sources.release(identity.source)
        times.release(identity.modified)
        times.release(identity.changed)
    }

    private mutating func releaseName(_ place: UInt32) {
        names.release(place)
        guard names.isWasteful else { return }
        var fresh = NameArena()
        var position: UInt32 = 0
        while let index = records.next(from: position) {
            guard let moved = fresh.append(names.name(at: records[index].name)) else {
                preconditionFailure("names need more room packed than scattered")
            }
            records[index].name = moved
            position = index + 1
        }
        names = fresh
    }
}

/// A file to insert.
struct NewFile {
    var digest: Digest
    var identity: FileIdentity
    var flags: ItemFlags
    var origin: OriginID
    var directory: DirectoryID
    /// Valid during the call.
    var name: UnsafeRawBufferPointer
    /// The writer's counter.
    var mark: UInt32
}
