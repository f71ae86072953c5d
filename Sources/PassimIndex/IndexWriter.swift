internal import PassimCore

/// The writers' side of the index, under their lock: which entry a name in a directory has, and the visits.
///
/// It changes the shards and the tree, taking the lock of one of them at a time.
final class IndexWriter {
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
        var slots = ExtendibleTable()
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

    /// - Returns: false where the directory takes no more files.
    func makeRoom(for hash: UInt64, in table: FileTable, of directory: DirectoryID) -> Bool {
        table.slots.makeRoom(for: hash, rehash: { hashOfName(of: $0) }, onMove: follower(of: directory))
    }

    /// Gives back what removals have left empty; see `ExtendibleTable.trim`.
    func trim(
        _ table: FileTable, of directory: DirectoryID, from start: ExtendibleTable.Cursor,
        to end: ExtendibleTable.Cursor?
    ) {
        table.slots.trim(
            from: start, to: end, rehash: { hashOfName(of: $0) }, onMove: follower(of: directory))
    }

    private func hashOfName(of number: UInt32) -> UInt64 {
        shard(number).withLock { nameHash($0.value.name(of: number & 0xFF_FFFF)) }
    }

    /// Has the visit that is under way follow files to other positions; nil where there is none.
    private func follower(of directory: DirectoryID) -> ((ExtendibleTable.Moves) -> Void)? {
        guard !visits.isEmpty, let marks = visits[directory] else { return nil }
        return { marks.follow($0) }
    }

    func use(_ directory: DirectoryID) {
        tree.withLock { $0.value.use(directory, stamp: counter) }
    }
}
