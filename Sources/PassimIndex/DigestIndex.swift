package import PassimCore

/// Which file has which digest: 256 shards by the first byte of the digest, each a lock around flat arrays.
///
/// Readers take one lock at a time, of a shard, the tree or the totals, for a microsecond or so. Writers take
/// turns under `writer`, and take the others, one at a time, inside it. So the order of locks is: `writer`,
/// then one of shard, tree, totals, or the feed's queue. Subscribers are called with none of them held.
package final class DigestIndex: Sendable {
    let shards: [Lock<Box<Shard>>]
    let tree: Lock<Box<DirectoryTree>>
    let totals = Lock(IndexTotals())
    let writer: Lock<IndexWriter>
    let feed = BatchFeed()
    let limits: IndexLimits

    package convenience init() {
        self.init(limits: IndexLimits())
    }

    package init(limits: IndexLimits) {
        let shards = (0...UInt8.max).map { number in
            Lock(Box(Shard(number: number, limit: limits.filesPerShard)))
        }
        let tree = Lock(Box(DirectoryTree(limit: limits.directories)))
        self.shards = shards
        self.tree = tree
        self.limits = limits
        writer = Lock(IndexWriter(shards: shards, tree: tree, limits: limits))
    }

    /// Any file with that digest; an enabled one where there is one. Allocates nothing.
    package func find(_ digest: Digest) -> Entry? {
        shards[Int(digest.firstByte)].withLock { $0.value.find(digest) }
    }

    /// The path of an entry relative to its origin; nil where it was removed or replaced in the meantime.
    package func path(of entry: Entry) -> RawName? {
        let number = entry.id.number
        let name = shards[Int(number >> 24)].withLock { shard -> RawName? in
            let index = number & 0xFF_FFFF
            return shard.value.holds(entry, at: index) ? RawName(shard.value.name(of: index)) : nil
        }
        guard let name else { return nil }
        return tree.withLock { $0.value.path(of: entry.directory, appending: name) }
    }

    /// The directory of that path below the origin, from now on known.
    ///
    /// The ID stays good while the directory has files or directories, or passes of its origin ask for it or
    /// list it; and for a while after it has been removed. Inserts with one that is not good any more are
    /// refused (`Batch.refused`), never taken for another directory.
    package func directory(origin: OriginID, path: RawName) -> DirectoryID {
        writer.withLock { $0.directory(origin: origin, path: path) }
    }

    /// The entry that is known under that name.
    package func entry(directory: DirectoryID, name: RawName) -> Entry? {
        writer.withLock { $0.find(directory, name) }
    }

    /// Finds the entry of a path below an origin. A step for each directory on the way, however many files there are;
    /// waits for a writer's batch where one is under way, some milliseconds at most.
    package func find(origin: OriginID, path: RawName) -> Entry? {
        guard let directory = tree.withLock({ $0.value.find(origin: origin, path: path.parent) }) else {
            return nil
        }
        return entry(directory: directory, name: path.basename)
    }

    /// Entries, that is files.
    package var count: Int { totals.withLock { $0.all.files } }

    /// The sum of the sizes of all files, 2^64 - 1 at most.
    package var totalBytes: UInt64 { totals.withLock { $0.all.bytes.clamped } }

    /// Different digests.
    package var digestCount: Int { totals.withLock { $0.digests } }

    /// Files and bytes of one origin, as of the last batch.
    package func totals(origin: OriginID) -> (files: Int, bytes: UInt64) {
        totals.withLock { totals in
            let share = totals.origins[origin] ?? IndexTotals.Share()
            return (share.files, share.bytes.clamped)
        }
    }
}
