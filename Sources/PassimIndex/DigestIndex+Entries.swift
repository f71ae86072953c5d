package import PassimCore

extension DigestIndex {
    /// The files of a digest, at most `limit` of them, the enabled ones first.
    package func entries(_ digest: Digest, limit: Int = 1024) -> [Entry] {
        shards[Int(digest.firstByte)].withLock { $0.value.entries(digest, limit: limit) }
    }
}
