package import PassimCore

extension DigestIndex {
    /// Tells the identity and digest of each file in the directory `path` and below it that is known when this is
    /// called. One that comes, goes or changes meanwhile may be told never, once or twice.
    ///
    /// - Parameter body: called without a lock of the index.
    package func forEachFile(
        origin: OriginID, below path: RawName, _ body: (FileIdentity, Digest) -> Void
    ) {
        var sweep = writer.withLock { $0.sweep(origin: origin, below: path) }
        var isLast = false
        while !isLast {
            var piece: [Entry] = []
            isLast = writer.withLock { $0.gather(&sweep, into: &piece) }
            for entry in piece { body(entry.identity, entry.digest) }
        }
    }

    /// Removes all files in the directory `path` and below it that are known when this is called, and tells of each
    /// before it is removed, so that its digest can be kept elsewhere without a gap.
    ///
    /// - Parameter body: called without a lock of the index. A file that changes right after it was told of stays.
    /// - Returns: how many were removed.
    @discardableResult
    package func removeAll(
        origin: OriginID, below path: RawName, telling body: (FileIdentity, Digest) -> Void
    ) -> Int {
        let start = writer.withLock { $0.sweep(origin: origin, below: path) }
        var sweep = start
        var removed = 0
        var isLast = false
        while !isLast {
            var piece: [Entry] = []
            writer.withLock { writer in
                isLast = writer.gather(&sweep, into: &piece)
                if !isLast { writer.outdate(sweep) }
            }
            for entry in piece { body(entry.identity, entry.digest) }
            removed += removeInPieces { writer, transaction in
                for entry in piece { _ = writer.apply(.drop(entry), &transaction) }
                return true
            }
        }
        var rest = start
        rest.sparesFiles = true
        return removed + run(rest)
    }
}
