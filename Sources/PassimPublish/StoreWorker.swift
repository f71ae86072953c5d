internal import Logging
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

/// The work of the store's thread: deletes what is due, reads again what the server found changed, and saves
/// the counts. One thread; all its state is what it has to try again, and when.
final class StoreWorker {
    private let store: ItemStore
    /// When counts that have changed are written; nil: they have not.
    private var saveAt: UInt64?
    private var isSaveFailing = false
    /// Names of files, and when they are read again.
    private var rechecks: [RawName: UInt64] = [:]
    /// Names of files of which was said that they cannot be read.
    private var unreadable: Set<RawName> = []
    /// When files that could not be deleted are tried again; nil: there are none.
    private var removeAt: UInt64?

    init(store: ItemStore) {
        self.store = store
    }

    /// Does what there is to do.
    ///
    /// - Returns: in how many nanoseconds there will be more; nil: when `eventCount` moves.
    func turn() -> UInt64? {
        let now = store.clock.monotonic()
        deleteWhatIsOver()
        let waits = [recheck(now), removeRemainders(now), save(now), untilNextDue()]
        return waits.compactMap { $0 }.min()
    }

    private func deleteWhatIsOver() {
        let now = store.clock.boot()
        for digest in store.published.withLock({ $0.over(at: now) }) {
            store.locks.withLock(digest) {
                // Somebody else may have removed it meanwhile.
                if let item = store.published.withLock({ $0.leave(digest, at: now) }) { store.delete(item) }
            }
        }
    }

    private func untilNextDue() -> UInt64? {
        guard let due = store.published.withLock({ $0.nextDue }) else { return nil }
        let now = store.clock.boot()
        // Waits do not count the time that the machine sleeps.
        return due <= now ? 0 : min(due - now, PublishLimits.longestWait)
    }

    // MARK: - Counts

    private func save(_ now: UInt64) -> UInt64? {
        guard store.published.withLock({ $0.isUnsaved || store.memory != nil && $0.areDigestsUnsaved }) else {
            saveAt = nil
            return nil
        }
        let at = saveAt ?? now + store.limits.saveDelay
        saveAt = at
        if now < at { return at - now }
        do throws(SystemError) {
            try store.save()
            saveAt = nil
            if isSaveFailing { store.logger.notice("share counts are saved again") }
            isSaveFailing = false
            return nil
        } catch {
            // Once, not each time.
            if !isSaveFailing { store.logger.error("share counts cannot be saved: \(error)") }
            isSaveFailing = true
            saveAt = now + PublishLimits.retryDelay
            return PublishLimits.retryDelay
        }
    }

    // MARK: - Files that could not be deleted

    private func removeRemainders(_ now: UInt64) -> UInt64? {
        let remainders = store.published.withLock { $0.remainders }
        guard !remainders.isEmpty else {
            removeAt = nil
            return nil
        }
        let at = removeAt ?? now + PublishLimits.retryDelay
        removeAt = at
        if now < at { return at - now }
        removeAt = now + PublishLimits.retryDelay
        for (name, remainder) in remainders {
            store.locks.withLock(remainder.digest) { store.removeAgain(name) }
        }
        return store.published.withLock { $0.remainders.isEmpty } ? nil : PublishLimits.retryDelay
    }

    // MARK: - Files that changed

    private func recheck(_ now: UInt64) -> UInt64? {
        let asked = store.published.withLock { published -> [RawName] in
            defer { published.rechecks = [] }
            return published.rechecks
        }
        for name in asked { rechecks[name] = now }
        for (name, at) in rechecks where at <= now {
            let isDone = store.readAgain(name, isFirst: unreadable.insert(name).inserted)
            if isDone { unreadable.remove(name) }
            rechecks[name] = isDone ? nil : now + PublishLimits.retryDelay
        }
        return rechecks.values.min().map { $0 > now ? $0 - now : 0 }
    }
}
