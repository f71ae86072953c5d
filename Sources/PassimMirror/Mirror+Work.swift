// What the workers and the watcher ask of the mirror: work, where it is due, and what has come of it.

internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem
internal import Synchronization

extension Mirror {
    func count(_ body: (inout MirrorCounters) -> Void) {
        counts.withLock { body(&$0) }
    }

    /// Changes the index, so that nothing of an origin comes in after it was removed.
    func apply(_ changes: [Change], of origin: Origin) {
        if changes.isEmpty || origin.isRemoved { return }
        let batch = index.apply(changes)
        let now = clock.now()
        origin.state.withLock { $0.lastChange = now }
        if !batch.refused.isEmpty, !overflowed.exchange(true, ordering: .relaxed) {
            logger.warning("The index takes no more files", metadata: ["path": "\(origin.path)"])
        }
        // Removed meanwhile: either its sweep came after our change, or we see the mark and sweep again.
        if origin.isRemoved { _ = index.removeAll(origin: origin.id) }
    }

    /// The next turn; nil where there is nothing to do now.
    func nextWork(smallOnly: Bool = false) -> Work? {
        let now = clock.monotonic()
        return state.withLock { state in
            state.queue.pop(now: now, smallOnly: smallOnly)
        }
    }

    /// When there will be something to do without anybody asking.
    var nextDue: UInt64? { state.withLock { $0.queue.nextDue } }

    func bellTicket() -> UInt64 { bell.ticket() }

    func waitForWork(after ticket: UInt64) {
        bell.wait(after: ticket, until: nextDue)
    }

    func push(_ work: DelayedWork, after delay: UInt64 = 0) {
        let due = clock.monotonic() + delay
        state.withLock { state in
            if delay == 0 { state.queue.push(work) } else { state.queue.delay(work, until: due) }
        }
        bell.ring()
    }

    func push(_ jobs: [FileJob]) {
        if jobs.isEmpty { return }
        state.withLock { $0.queue.push(jobs) }
        bell.ring(everyone: jobs.count > 1)
    }

    func push(_ batches: [BatchJob], _ directories: [DirectoryJob], of origin: Origin) {
        if batches.isEmpty && directories.isEmpty { return }
        state.withLock { $0.queue.push(batches, directories, of: origin) }
        bell.ring(everyone: batches.count + directories.count > 1)
    }

    /// The re-checks that wait or run; a copy that costs nothing while there are none.
    func rechecks(of origin: Origin) -> RecheckTable {
        state.withLock { $0.rechecks[origin.id] ?? RecheckTable() }
    }

    /// Notes that a file is going to be hashed on its own.
    ///
    /// - Returns: false where it is already: it will be looked at again when that has ended. Or where there are
    ///   too many: then all of the origin will be.
    ///
    /// - Parameter isWritten: it is read, even where the index has come to know it meanwhile.
    func adoptAsRecheck(_ origin: Origin, _ path: RawName, isWritten: Bool) -> Bool {
        let addition = state.withLock { state -> RecheckTable.Addition in
            if origin.isRemoved { return .known }
            return state.rechecks[origin.id, default: RecheckTable()].add(path, isWritten: isWritten)
        }
        if addition == .full { requestPass(origin) }
        return addition == .added
    }

    /// A walk has met this file: whether somebody looks after it, who will have seen it as it is now.
    func joinRecheck(_ origin: Origin, _ path: RawName) -> Bool {
        state.withLock { $0.rechecks[origin.id]?.join(path) ?? false }
    }

    func endRecheck(_ origin: Origin, _ path: RawName) {
        let again = state.withLock { $0.rechecks[origin.id]?.end(path) }
        if let again { note([path.basename: again], in: path.parent, of: origin.id) }
    }

    func isWatched(_ node: WatchNode) -> Bool { watches?.isWatched(node) ?? false }

    /// A file that waited is being hashed.
    ///
    /// - Returns: whether it is to be read whatever the index knows.
    func beginRecheck(_ origin: Origin, _ path: RawName) -> Bool {
        state.withLock { $0.rechecks[origin.id]?.begin(path) ?? false }
    }

    /// Takes the names that were noted in a directory.
    func beginLook(_ origin: Origin, _ path: RawName) -> [RawName: NoteTable.Marks]? {
        state.withLock { $0.notes[origin.id]?.begin(path) }
    }

    func endLook(_ origin: Origin, _ path: RawName) {
        let again = state.withLock { $0.notes[origin.id]?.end(path) ?? false }
        if again { push(.look(origin, path), after: Limits.gatheringTime) }
    }

    /// Has names of a file looked for in the index: of many at a time, as that looks at every entry.
    func findNames(of inode: RootIdentity, for origin: Origin) {
        let isFirst = state.withLock { state in
            if origin.isRemoved { return false }
            state.unfound[origin.id, default: []].insert(inode)
            return state.unfound[origin.id]!.count == 1
        }
        if isFirst { push(.names(origin), after: Limits.nameSearchDelay) }
    }

    func takeUnfoundNames(of origin: Origin) -> Set<RootIdentity> {
        state.withLock { $0.unfound.removeValue(forKey: origin.id) ?? [] }
    }

    func requestPass(_ origin: Origin, after delay: UInt64 = 0) {
        let queued = origin.state.withLock { state in
            if state.walk != nil || state.beginning {
                state.again = true
                return false
            }
            if state.requested { return false }
            state.requested = true
            return true
        }
        if queued { push(.pass(origin), after: delay) }
    }

    /// A pass at some time, unless another one is scheduled meanwhile; one that is asked for is not held up.
    ///
    /// - Parameter keepsEarlier: one that is scheduled for an earlier time stays, so that what comes again and again
    ///   does not put it off for ever.
    func scheduleRescan(_ origin: Origin, after delay: UInt64, keepsEarlier: Bool) {
        let due = clock.monotonic() + delay
        let isKept = origin.state.withLock { state in
            if keepsEarlier, let earlier = state.rescanDue, earlier <= due { return true }
            state.rescanDue = due
            return false
        }
        if isKept { return }
        push(.rescan(origin, schedule: origin.newSchedule()), after: delay)
    }

    /// These origins are through, or gone.
    func endFirstPass(of ids: [OriginID]) {
        let waiters = state.withLock { state -> [@Sendable () -> Void] in
            guard case .running(var rest) = state.firstPass else { return [] }
            rest.subtract(ids)
            state.firstPass = rest.isEmpty ? .done : .running(rest)
            guard rest.isEmpty else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter() }
    }
}
