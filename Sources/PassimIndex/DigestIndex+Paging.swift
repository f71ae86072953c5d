package import PassimCore

extension DigestIndex {
    /// A part of the listing of all files, in the order of their entries' numbers: a file keeps its place
    /// among the others while it lives and its content does not change.
    ///
    /// `offset` counts the files there are now, so one that goes moves those behind it; who reads a listing from end to
    /// end takes `page(after:limit:)`.
    ///
    /// - Parameter filter: only files whose path contains it, whatever the case, or whose digest begins with
    ///   it; looks at every file.
    package func page(offset: Int, limit: Int, filter: String?) -> Page {
        if let filter, !filter.isEmpty {
            return page(Listing(filter: filter), offset: offset, limit: limit)
        }
        var skip = max(0, offset)
        var found: [(entry: Entry, name: RawName)] = []
        for (byte, shard) in shards.enumerated() where found.count < limit {
            let start = shard.withLock { shard -> UInt32? in
                defer { skip = max(0, skip - shard.value.count) }
                return skip < shard.value.count ? shard.value.position(ofRank: skip) : nil
            }
            if let start {
                _ = collect(from: UInt32(byte) << 24 | start, until: limit, into: &found, shards: 1)
            }
        }
        return Page(items: items(found), total: count)
    }

    /// The files that follow `after` in the order of the entries' numbers, from the first one on for nil. Whatever comes
    /// and goes between two pages, no file is given twice, and none that lives all the time is left out.
    ///
    /// - Returns: up to `limit` items, and what to pass next; nil at the end.
    package func page(after: EntryID?, limit: Int) -> (items: [Item], next: EntryID?) {
        let (files, next) = files(after: after, limit: limit)
        return (items(files), next)
    }

    /// The same with names in the place of paths, which are half of the work.
    package func files(
        after: EntryID?, limit: Int
    ) -> (files: [(entry: Entry, name: RawName)], next: EntryID?) {
        guard after?.number != .max else { return ([], nil) }
        var found: [(entry: Entry, name: RawName)] = []
        let more = collect(from: after.map { $0.number + 1 } ?? 0, until: limit, into: &found, shards: 256)
        return (found, more ? found.last?.entry.id ?? after : nil)
    }

    /// Adds entries from number `start` on until there are `limit`, from at most so many shards.
    ///
    /// - Returns: whether there are more in them.
    private func collect(
        from start: UInt32, until limit: Int, into found: inout [(entry: Entry, name: RawName)],
        shards count: Int
    ) -> Bool {
        let first = Int(start >> 24)
        var position: UInt32? = start & 0xFF_FFFF
        for shard in shards[first..<min(first + count, shards.count)] {
            while let here = position {
                // A lock is not held for longer than a chunk takes.
                position = shard.withLock {
                    $0.value.collect(from: here, limit: min(64, max(0, limit - found.count)), into: &found)
                }
                if position != nil, found.count >= limit { return true }
            }
            position = 0
        }
        return false
    }

    private func items(_ found: [(entry: Entry, name: RawName)]) -> [Item] {
        tree.withLock { tree in
            found.compactMap { entry, name in
                tree.value.path(of: entry.directory, appending: name).map { Item(entry: entry, path: $0) }
            }
        }
    }
}
