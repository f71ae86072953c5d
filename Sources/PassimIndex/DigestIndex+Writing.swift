package import PassimCore

extension DigestIndex {
    /// The one door for writers. Readers see the changes one after the other; subscribers are told of the
    /// batch before this returns.
    ///
    /// - Returns: the batch. Where nothing changed it has the number of the batch before, and nobody is told.
    @discardableResult
    package func apply(_ changes: [Change]) -> Batch {
        let batch = writer.withLock { writer in
            var transaction = Transaction()
            for (number, change) in changes.enumerated() where !writer.apply(change, &transaction) {
                transaction.refused.append(number)
            }
            return commit(transaction, writer)
        }
        feed.deliver()
        return batch
    }

    /// Calls `body` with each batch from now on, in order, on the thread that made it or another.
    ///
    /// - Parameter body: may read the index, and must not write to it: the writers wait for it.
    package func subscribe(_ body: @escaping @Sendable (Batch) -> Void) -> Subscription {
        feed.subscribe(body)
    }

    /// Removes all files of an origin.
    ///
    /// - Returns: how many.
    @discardableResult
    package func removeAll(origin: OriginID) -> Int {
        removeAll(origin: origin, below: .empty)
    }

    /// Removes all files in the directory `path` and those below it that are known when this is called;
    /// others may write in between.
    ///
    /// - Returns: how many.
    @discardableResult
    package func removeAll(origin: OriginID, below path: RawName) -> Int {
        run(writer.withLock { $0.sweep(origin: origin, below: path) })
    }

    /// A sweep, in pieces so that others get at the index meanwhile.
    func run(_ sweep: consuming IndexWriter.Sweep) -> Int {
        var sweep = sweep
        return removeInPieces { $0.advance(&sweep, &$1) }
    }

    /// Calls `body` again and again, others getting at the index meanwhile, until it says that it is done.
    ///
    /// - Returns: how many entries it has removed.
    func removeInPieces(_ body: (IndexWriter, inout Transaction) -> Bool) -> Int {
        var removed = 0
        var finished = false
        while !finished {
            writer.withLock { writer in
                var transaction = Transaction()
                finished = body(writer, &transaction)
                removed += transaction.removed
                _ = commit(transaction, writer)
            }
            feed.deliver()
        }
        if removed >= limits.piece {
            for shard in shards { shard.withLock { $0.value.trim() } }
        }
        return removed
    }

    private func commit(_ transaction: Transaction, _ writer: IndexWriter) -> Batch {
        guard transaction.isTouched else {
            return Batch(
                sequence: writer.sequence, appeared: [], vanished: [], refused: transaction.refused)
        }
        totals.withLock { $0.add(transaction.totals) }
        writer.sequence += 1
        let (appeared, vanished, altered) = transaction.net()
        let batch = Batch(
            sequence: writer.sequence, appeared: appeared, vanished: vanished, altered: altered,
            refused: transaction.refused)
        feed.enqueue(batch)
        return batch
    }
}
