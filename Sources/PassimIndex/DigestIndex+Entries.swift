package import PassimCore

extension DigestIndex {
    /// The files of a digest, at most `limit` of them, the enabled ones first.
    package func entries(_ digest: Digest, limit: Int = 1024) -> [Entry] {
        shards[Int(digest.firstByte)].withLock { $0.value.entries(digest, limit: limit) }
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
}
