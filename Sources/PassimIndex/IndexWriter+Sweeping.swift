internal import PassimCore

extension IndexWriter {
    /// Removal of what is marked lower than `limit`, directory by directory.
    struct Sweep {
        /// Each after those below it.
        fileprivate let directories: [DirectoryID]
        fileprivate let limit: UInt64
        fileprivate var current = 0
        fileprivate var cursor = ExtendibleTable.Cursor()
        /// True if only directories are left to be forgotten.
        var sparesFiles = false

        fileprivate mutating func moveOn() {
            current += 1
            cursor = ExtendibleTable.Cursor()
        }
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
            if !sweep.sparesFiles, let table = table(of: directory) {
                advance(&sweep, in: table, of: directory, &left, &transaction)
            }
            if left <= 0 {
                outdate(sweep)
                return false
            }
            if table(of: directory) == nil { retire(directory, notUsedSince: sweep.limit) }
            sweep.moveOn()
            left -= 1
        }
        return true
    }

    /// The entries that are next to be removed, for whoever removes them by himself.
    ///
    /// - Returns: whether it was the last piece; it may be empty.
    func gather(_ sweep: inout Sweep, into entries: inout [Entry]) -> Bool {
        var left = limits.piece
        while sweep.current < sweep.directories.count {
            if let table = table(of: sweep.directories[sweep.current]) {
                while left > 0, let filled = table.slots.next(&sweep.cursor) {
                    left -= 1
                    let number = table.slots[filled]
                    shard(number).withLock { shard in
                        let index = number & 0xFF_FFFF
                        if shard.value.mark(of: index) < sweep.limit {
                            entries.append(shard.value.entry(index))
                        }
                    }
                }
            }
            if left <= 0 { return false }
            sweep.moveOn()
            left -= 1
        }
        return true
    }

    /// Makes all that is inserted from here on younger than the sweep.
    func outdate(_ sweep: Sweep) {
        if counter < sweep.limit { counter = UInt32(clamping: sweep.limit) }
    }

    private func advance(
        _ sweep: inout Sweep, in table: FileTable, of directory: DirectoryID, _ left: inout Int,
        _ transaction: inout Transaction
    ) {
        let start = sweep.cursor
        while left > 0, let filled = table.slots.next(&sweep.cursor) {
            left -= 1
            let number = table.slots[filled]
            let mark = shard(number).withLock { $0.value.mark(of: number & 0xFF_FFFF) }
            if mark < sweep.limit { remove(at: filled, from: table, of: directory, &transaction) }
        }
        trim(table, of: directory, from: start, to: left > 0 ? nil : sweep.cursor)
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
            if tree.withLock({ $0.value.index(of: oldest.id) }) == nil { visits[oldest.id] = nil }
        }
        if reclaimed > limits.retiredDirectories {
            retired.removeFirst(reclaimed)
            reclaimed = 0
        }
    }
}
