internal import PassimCore

/// The writers' side of the index, under their lock: which entry a name in a directory has, and the passes.
///
/// It changes the shards and the tree, taking the lock of one of them at a time.
final class Catalogue {
    let shards: [Lock<Box<Shard>>]
    let tree: Lock<Box<DirectoryTree>>
    private let limits: IndexLimits

    /// By number of the directory's node; nil where it has no files.
    private var tables: [FileTable?] = []

    /// Goes up with every pass. Whatever is inserted, seen or interned is marked with its value, so
    /// everything marked lower than the number of a pass was last seen before that pass began. At one
    /// pass a second it lasts 136 years; there it stays, and nothing is swept any more.
    private var counter: UInt32 = 0
    private var passes: Set<PassID> = []

    /// Retired directories in the order of their retirement; the first `reclaimed` are done with.
    private var retired: [(id: DirectoryID, number: UInt32)] = []
    private var reclaimed = 0
    private var retirements: UInt32 = 0

    /// Of the last batch.
    var sequence: UInt64 = 0

    init(shards: [Lock<Box<Shard>>], tree: Lock<Box<DirectoryTree>>, limits: IndexLimits) {
        self.shards = shards
        self.tree = tree
        self.limits = limits
    }

    /// The values are numbers of entries.
    private final class FileTable {
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

    private func table(of directory: DirectoryID) -> FileTable? {
        guard let index = tree.withLock({ $0.value.index(of: directory) }), index < tables.count else {
            return nil
        }
        return tables[Int(index)]
    }

    private func position(
        of name: UnsafeRawBufferPointer, _ hash: UInt64, in table: FileTable
    ) -> UInt32? {
        var probe = table.slots.probe(hash)
        while let position = table.slots.next(&probe) {
            let number = table.slots[position]
            if shard(number).withLock({ $0.value.isName(name, of: number & 0xFF_FFFF) }) { return position }
        }
        return nil
    }

    private func shard(_ number: UInt32) -> Lock<Box<Shard>> { shards[Int(number >> 24)] }

    private func entry(_ number: UInt32) -> Entry {
        shard(number).withLock { $0.value.entry(number & 0xFF_FFFF) }
    }

    // MARK: - Changes

    func apply(_ change: Change, _ transaction: inout Transaction) -> Bool {
        switch change {
        case .insert(let directory, let name, let digest, let identity, let flags):
            return name.bytes.withUnsafeBytes { bytes in
                insert(bytes, directory, digest, identity, flags, &transaction)
            }
        case .remove(let directory, let name):
            guard let table = table(of: directory) else { return true }
            name.bytes.withUnsafeBytes { bytes in
                guard let position = position(of: bytes, nameHash(bytes), in: table) else { return }
                remove(at: position, from: table, of: directory, &transaction)
            }
        case .drop(let entry):
            drop(entry, &transaction)
        }
        return true
    }

    private func insert(
        _ name: UnsafeRawBufferPointer, _ directory: DirectoryID, _ digest: Digest,
        _ identity: FileIdentity, _ flags: ItemFlags, _ transaction: inout Transaction
    ) -> Bool {
        let known = tree.withLock { tree -> (index: Int, origin: OriginID)? in
            tree.value.use(directory, stamp: counter)
            guard let index = tree.value.index(of: directory), let origin = tree.value.origin(of: directory)
            else { return nil }
            return (Int(index), origin)
        }
        guard let known, !name.isEmpty else { return false }
        let file = NewFile(
            digest: digest, identity: identity, flags: flags, origin: known.origin, directory: directory,
            name: name, mark: counter)
        while tables.count <= known.index { tables.append(nil) }
        let table = tables[known.index] ?? FileTable()
        let hash = nameHash(name)
        if let position = position(of: name, hash, in: table) {
            return replace(at: position, in: table, with: file, &transaction)
        }
        guard let number = add(file, &transaction) else { return false }
        tables[known.index] = table
        if table.slots.isFull { rebuild(table) }
        table.slots.insert(number, hash: hash)
        return true
    }

    /// Where the new content is refused, the old one is gone all the same: it is not true any more.
    private func replace(
        at position: UInt32, in table: FileTable, with file: NewFile, _ transaction: inout Transaction
    ) -> Bool {
        let number = table.slots[position]
        let old = entry(number)
        if old.digest == file.digest {
            if shard(number).withLock({ $0.value.update(number & 0xFF_FFFF, with: file) }) {
                transaction.updated(old, size: file.identity.size)
                return true
            }
        } else if let new = add(file, &transaction) {
            table.slots[position] = new
            take(old, &transaction)
            return true
        }
        remove(at: position, from: table, of: file.directory, &transaction)
        return false
    }

    /// - Returns: the number of the new entry; nil where its shard takes no more.
    private func add(_ file: NewFile, _ transaction: inout Transaction) -> UInt32? {
        let byte = file.digest.firstByte
        guard let (index, appeared) = shards[Int(byte)].withLock({ $0.value.insert(file) }) else {
            return nil
        }
        transaction.inserted(file.digest, file.origin, size: file.identity.size, appeared: appeared)
        return UInt32(byte) << 24 | index
    }

    /// Takes an entry, whose name is another's already or soon nobody's, out of its shard.
    private func take(_ entry: Entry, _ transaction: inout Transaction) {
        let number = entry.id.number
        let vanished = shard(number).withLock { $0.value.remove(number & 0xFF_FFFF) }
        transaction.removed(entry, vanished: vanished)
    }

    private func remove(
        at position: UInt32, from table: FileTable, of directory: DirectoryID,
        _ transaction: inout Transaction
    ) {
        take(entry(table.slots[position]), &transaction)
        table.slots.remove(at: position)
        if table.slots.count == 0 { tables[Int(directory.number & 0xFF_FFFF)] = nil }
    }

    private func drop(_ entry: Entry, _ transaction: inout Transaction) {
        let number = entry.id.number
        let hash = shard(number).withLock { shard -> UInt64? in
            let index = number & 0xFF_FFFF
            return shard.value.holds(entry, at: index) ? nameHash(shard.value.name(of: index)) : nil
        }
        guard let hash, let table = table(of: entry.directory) else { return }
        var probe = table.slots.probe(hash)
        while let position = table.slots.next(&probe) {
            if table.slots[position] == number {
                remove(at: position, from: table, of: entry.directory, &transaction)
                return
            }
        }
    }

    private func rebuild(_ table: FileTable) {
        var fresh = SlotTable(roomFor: table.slots.count)
        var position: UInt32 = 0
        while let filled = table.slots.nextFilled(from: position) {
            let number = table.slots[filled]
            let hash = shard(number).withLock { nameHash($0.value.name(of: number & 0xFF_FFFF)) }
            fresh.insert(number, hash: hash)
            position = filled + 1
        }
        table.slots = fresh
        table.revision &+= 1
    }

    // MARK: - Passes

    func beginPass(origin: OriginID) -> PassID {
        if counter < .max { counter += 1 }
        let pass = PassID(origin: origin, number: counter)
        passes.insert(pass)
        return pass
    }

    /// - Returns: whether the pass was running.
    func endPass(_ pass: PassID) -> Bool { passes.remove(pass) != nil }

    func use(_ directory: DirectoryID) {
        tree.withLock { $0.value.use(directory, stamp: counter) }
    }

    /// Marks the file as seen, if it is `identity`; nil is any.
    ///
    /// Marks are those of now, not of a pass: who sees a file sees it for all passes that have begun.
    func see(_ directory: DirectoryID, _ name: RawName, _ identity: FileIdentity?) -> Bool {
        guard let table = table(of: directory) else { return false }
        return name.bytes.withUnsafeBytes { bytes in
            guard let position = position(of: bytes, nameHash(bytes), in: table) else { return false }
            let number = table.slots[position]
            return shard(number).withLock { shard in
                let index = number & 0xFF_FFFF
                if let identity, shard.value.entry(index).identity != identity { return false }
                shard.value.setMark(counter, of: index)
                return true
            }
        }
    }

    // MARK: - Sweeping

    /// Removal of what was last seen before `limit`, directory by directory.
    struct Sweep {
        /// Each after those below it.
        fileprivate let directories: [DirectoryID]
        fileprivate let limit: UInt64
        fileprivate var current = 0
        fileprivate var position: UInt32 = 0
        fileprivate var revision: UInt32 = 0
    }

    /// What the pass has not seen.
    func sweep(_ pass: PassID) -> Sweep {
        Sweep(directories: subtree(pass.origin, .empty), limit: UInt64(pass.number))
    }

    /// All there is now at and below a directory.
    func sweep(origin: OriginID, below path: RawName) -> Sweep {
        Sweep(directories: subtree(origin, path), limit: UInt64(counter) + 1)
    }

    private func subtree(_ origin: OriginID, _ path: RawName) -> [DirectoryID] {
        tree.withLock { tree in
            tree.value.find(origin: origin, path: path).map { tree.value.subtree($0) } ?? []
        }
    }

    /// A piece of a sweep.
    ///
    /// - Returns: whether it was the last.
    func advance(_ sweep: inout Sweep, _ transaction: inout Transaction) -> Bool {
        var left = limits.piece
        while sweep.current < sweep.directories.count {
            let directory = sweep.directories[sweep.current]
            if let table = table(of: directory) {
                advance(&sweep, in: table, of: directory, &left, &transaction)
            }
            if left <= 0 {
                // What is inserted from here on is younger than the sweep.
                if counter < sweep.limit { counter = UInt32(clamping: sweep.limit) }
                return false
            }
            if table(of: directory) == nil { retire(directory, notUsedSince: sweep.limit) }
            sweep.current += 1
            sweep.position = 0
            sweep.revision = 0
            left -= 1
        }
        return true
    }

    private func advance(
        _ sweep: inout Sweep, in table: FileTable, of directory: DirectoryID, _ left: inout Int,
        _ transaction: inout Transaction
    ) {
        if table.revision != sweep.revision { sweep.position = 0 }
        sweep.revision = table.revision
        while left > 0, let filled = table.slots.nextFilled(from: sweep.position) {
            left -= 1
            sweep.position = filled + 1
            let number = table.slots[filled]
            let mark = shard(number).withLock { $0.value.mark(of: number & 0xFF_FFFF) }
            if mark < sweep.limit { remove(at: filled, from: table, of: directory, &transaction) }
        }
        if left > 0, table.slots.isSparse { rebuild(table) }
    }

    /// Somebody may still hold its ID and be about to insert: it is forgotten only when as many others as
    /// the limit says have been retired after it.
    private func retire(_ directory: DirectoryID, notUsedSince stamp: UInt64) {
        let number = retirements == .max ? 1 : retirements + 1
        guard tree.withLock({ $0.value.retire(directory, notUsedSince: stamp, number: number) }) else {
            return
        }
        retirements = number
        retired.append((directory, number))
        while retired.count - reclaimed > limits.retiredDirectories {
            let oldest = retired[reclaimed]
            reclaimed += 1
            let holdsFiles = table(of: oldest.id) != nil
            tree.withLock { $0.value.reclaim(oldest.id, number: oldest.number, holdsFiles: holdsFiles) }
        }
        if reclaimed > limits.retiredDirectories {
            retired.removeFirst(reclaimed)
            reclaimed = 0
        }
    }
}
