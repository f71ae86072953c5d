package import PassimCore
internal import PassimSystem

/// The counting of whole downloads, as `ShareObserver` says. On serving threads: no I/O.
extension ItemStore {
    package func isAvailable(_ entry: Entry) -> Bool {
        guard entry.origin == .published else { return true }
        let now = clock.now()
        return shelf.withLock { $0.isAvailable(entry, at: now) }
    }

    /// - Returns: false where all remaining shares are being sent, or the item's time is over. Entries of other
    ///   origins may always be sent.
    package func begin(_ entry: Entry) -> Bool {
        guard entry.origin == .published else { return true }
        let now = clock.now()
        return shelf.withLock { $0.begin(entry, at: now) }
    }

    package func giveBack(_ entry: Entry) {
        guard entry.origin == .published else { return }
        shelf.withLock { $0.giveBack(entry) }
    }

    package func complete(_ entry: Entry) {
        guard entry.origin == .published else { return }
        if shelf.withLock({ $0.complete(entry) }) { bell.ring() }
    }

    /// The server found that the file is not what the index says: it is read again, or forgotten.
    ///
    /// - Parameter name: on disk, as the index has it.
    package func recheck(_ name: RawName) {
        shelf.withLock { $0.rechecks.append(name) }
        bell.ring()
    }
}
