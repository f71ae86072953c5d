package import PassimCore

extension DigestIndex {
    /// The files of a digest, at most `limit` of them, the enabled ones first.
    package func entries(_ digest: Digest, limit: Int = 1024) -> [Entry] {
        shards[Int(digest.firstByte)].withLock { $0.value.entries(digest, limit: limit) }
    }

    /// True if `condition` holds for a file, one of the first `limit`, of a digest that begins so. Allocates
    /// nothing.
    ///
    /// - Parameter condition: called under a lock of the index: it looks at the entry, and does nothing else.
    package func contains(
        _ prefix: DigestPrefix, limit: Int = 1024, where condition: (Entry) -> Bool
    ) -> Bool {
        shards[Int(prefix.padded.firstByte)].withLock {
            $0.value.contains(prefix, limit: limit, where: condition)
        }
    }

    /// The entries with one of these inode numbers, on whatever device. Looks at every file: some 20 ms for a
    /// million.
    package func entries(ofInodes inodes: Set<UInt64>) -> [Entry] {
        var found: [Entry] = []
        for shard in shards {
            var position: UInt32? = 0
            while let here = position {
                // A lock is not held for longer than a chunk takes.
                position = shard.withLock {
                    $0.value.collect(inodes, from: here, limit: 1024, into: &found)
                }
            }
        }
        return found
    }

    /// Tells each digest with a file for which `condition` holds, among its first `limit`, and when such a file changed
    /// last (ctime). A digest whose files come and go meanwhile may be told twice, or not at all.
    ///
    /// - Parameters:
    ///   - condition: called under a lock of the index, as `body` is: they look, and change nothing.
    package func forEachDigest(
        limit: Int = 1024, where condition: (Entry) -> Bool, _ body: (Digest, Timestamp) -> Void
    ) {
        for shard in shards {
            var position: UInt32? = 0
            while let here = position {
                position = shard.withLock {
                    $0.value.forEachDigest(from: here, limit: limit, where: condition, body)
                }
            }
        }
    }
}
