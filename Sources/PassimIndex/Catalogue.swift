internal import PassimCore

/// The writers' side of the index, under their lock: which entry a name in a directory has, and the visits.
///
/// It changes the shards and the tree, taking the lock of one of them at a time.
final class Catalogue {
    let shards: [Lock<Box<Shard>>]
    let tree: Lock<Box<DirectoryTree>>
    let limits: IndexLimits

    /// By number of the directory's node; nil where it has no files.
    var tables: [FileTable?] = []

    /// Goes up with every removal of a directory. Whatever is inserted or interned is marked with its value, so
    /// that what comes while a removal goes on is spared. At its end it stays, and then such files are removed,
    /// too: until the next scan.
    var counter: UInt32 = 0

    /// The visits under way, one of a directory.
    var visits: [DirectoryID: VisitMarks] = [:]
    /// The number of the last visit.
    var visitNumber: UInt64 = 0

    /// Retired directories in the order of their retirement; the first `reclaimed` are done with.
    var retired: [(id: DirectoryID, number: UInt32)] = []
    var reclaimed = 0
    var retirements: UInt32 = 0

    /// The number of the last batch.
    var sequence: UInt64 = 0

    init(shards: [Lock<Box<Shard>>], tree: Lock<Box<DirectoryTree>>, limits: IndexLimits) {
        self.shards = shards
        self.tree = tree
        self.limits = limits
    }

    /// The values are numbers of entries.
    final class FileTable {
        var slots = SlotTable()
        /// Goes up when the positions change.
        var revision: UInt32 = 0
    }

    // MARK: - Names

    func directory(origin: OriginID, path: RawName) -> DirectoryID {
        tree.withLock { $0.value.intern(origin: origin, path: path, stamp: counter) }
    }

    func find(_ directory: DirectoryID, _ name: RawName) -> Entry? {
        guard let table = table(of: directory) else { return nil }
        return name.bytes.withUnsafeBytes { bytes in
            guard let position = position(of: bytes, nameHash(bytes), in: table) else { return nil }
            return entry(table.slots[position])
        }
    }

    func table(of directory: DirectoryID) -> FileTable? {
        guard let index = tree.withLock({ $0.value.index(of: directory) }), index < tables.count else {
            return nil
        }
        return tables[Int(index)]
    }

    func position(
        of name: UnsafeRawBufferPointer, _ hash: UInt64, in table: FileTable
    ) -> UInt32? {
        var probe = table.slots.probe(hash)
        while let position = table.slots.next(&probe) {
            let number = table.slots[position]
            if shard(number).withLock({ $0.value.isName(name, of: number & 0xFF_FFFF) }) { return position }
        }
        return nil
    }

    func shard(_ number: UInt32) -> Lock<Box<Shard>> { shards[Int(number >> 24)] }

    func entry(_ number: UInt32) -> Entry {
        shard(number).withLock { $0.value.entry(number & 0xFF_FFFF) }
    }

    func rebuild(_ table: FileTable, of directory: DirectoryID) {
        let marks = visits.isEmpty ? nil : visits[directory]
        var moves: [(old: UInt32, new: UInt32)] = []
        var fresh = SlotTable(roomFor: table.slots.count)
        var position: UInt32 = 0
        while let filled = table.slots.nextFilled(from: position) {
            let number = table.slots[filled]
            let hash = shard(number).withLock { nameHash($0.value.name(of: number & 0xFF_FFFF)) }
            let place = fresh.insert(number, hash: hash)
            if marks != nil { moves.append((filled, place)) }
            position = filled + 1
        }
        marks?.move(to: fresh.capacity, moves)
        table.slots = fresh
        table.revision &+= 1
    }

    func use(_ directory: DirectoryID) {
        tree.withLock { $0.value.use(directory, stamp: counter) }
    }
}
