package import PassimCore
internal import PassimSystem

/// The counting of shares, as `ShareObserver` says. On serving threads: no I/O.
extension ItemStore {
    package func isAvailable(_ entry: Entry) -> Bool {
        guard entry.origin == .published else { return true }
        let now = clock.boot()
        return published.withLock { $0.isAvailable(entry, at: now) }
    }

    /// - Returns: false where all remaining shares are being sent, or the item's time is over. Entries of other
    ///   origins may always be sent.
    package func begin(_ entry: Entry, bytes: UInt64) -> Bool {
        guard entry.origin == .published else { return true }
        let now = clock.boot()
        return published.withLock { $0.begin(entry, bytes: bytes, at: now) }
    }

    /// - Parameter delivery: of a published item.
    /// - Returns: whether that completes a share.
    package func end(_ delivery: Delivery) -> Bool {
        let (completesShare, needsWork) = published.withLock { $0.end(delivery) }
        if needsWork { eventCount.notify() }
        return completesShare
    }

    /// The server found that the file is not what the index says: it is read again, or forgotten.
    ///
    /// - Parameter name: on disk, as the index has it.
    package func recheck(_ name: RawName) {
        published.withLock { $0.rechecks.append(name) }
        eventCount.notify()
    }
}
