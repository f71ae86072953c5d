// The directories that are shared: walked, hashed, and put in the index, by threads of their own.
//
// This file is what others see. The work itself is Worker's; what waits for it is in WorkQueue, under the
// one lock here, which is never held over I/O, a call of the index, or an origin's lock.

package import Logging
package import PassimConfig
package import PassimCore
package import PassimIndex
package import PassimSystem
internal import Synchronization

package final class Mirror: Sendable {
    let index: DigestIndex
    let cache: ChecksumCache
    let clock: TimeSource
    let logger: Logger
    private let workers: Int
    private let bell = Doorbell()
    private let stopping = Atomic<Bool>(false)
    private let overflowed = Atomic<Bool>(false)
    let unwatchedReported = Atomic<Bool>(false)
    private let counts = Lock(MirrorCounters())
    private let threads = Lock<[SystemThread]>([])
    private let watcher = Lock<Watcher?>(nil)
    private let table = Lock<WatchTable?>(nil)

    private struct State {
        var queue = WorkQueue()
        /// In the order of the configuration.
        var origins: [Origin] = []
        var rechecks: [OriginID: RecheckTable] = [:]
        var notes: [OriginID: NoteTable] = [:]
        /// Files of which not all names are known.
        var unfound: [OriginID: Set<RootIdentity>] = [:]
        var failures: [FailedDropIn] = []
        var nextOrigin: UInt32
        var firstPass = FirstPass.notConfigured
        var waiters: [@Sendable () -> Void] = []
    }
    private let state: Lock<State>

    private enum FirstPass {
        case notConfigured
        case running(Set<OriginID>)
        case done
    }

    /// - Parameter store: where digests go that no attribute can take; nil: they are computed at each start.
    /// - Parameter workers: threads that list and hash, at least 1.
    /// - Parameter firstOrigin: the first number given out to a directory; smaller ones are others'.
    package init(
        index: DigestIndex, store: ChecksumStore?, place: ChecksumPlace, logger: Logger,
        workers: Int = processorCount(), firstOrigin: UInt32 = 1, clock: TimeSource = .system
    ) {
        self.index = index
        cache = ChecksumCache(place: place, store: store)
        self.logger = logger
        self.workers = max(1, workers)
        self.clock = clock
        state = Lock(State(nextOrigin: firstOrigin))
    }

    // MARK: - Start and stop

    /// Watches what is shared from now on: before `start` and `replaceDropIns`. Without it the directories are
    /// walked once, and again when somebody asks.
    ///
    /// - Parameter dropIns: a directory to watch beside them.
    /// - Parameter onDropIns: called with the names in it that somebody has begun to write and not closed, when
    ///   something else in it has changed, or it has come; on a thread that
    ///   must not be kept waiting for long.
    package func watch(
        dropIns: String? = nil, onDropIns: @escaping @Sendable (Set<RawName>) -> Void = { _ in }
    ) {
        let report = MirrorWatch(self, dropInDirectory: dropIns, onDropIns: onDropIns)
        do throws(SystemError) {
            let watcher = try Watcher.start(report)
            self.watcher.withLock { $0 = watcher }
        } catch {
            report.began(WatchTable(nil), error)
        }
    }

    /// The directories that have been walked; nil where nothing is watched.
    var watches: WatchTable? { table.withLock { $0 } }

    func beganWatching(_ watches: WatchTable) {
        table.withLock { $0 = watches }
    }

    /// Starts the workers.
    ///
    /// - Throws: when not even one thread can be had.
    package func start() throws(SystemError) {
        for number in 0..<workers {
            do throws(SystemError) {
                let thread = try SystemThread(name: "mirror-\(number)") { [self] in
                    // Whoever downloads comes before whoever hashes. By more than a
                    // step, Linux 6.18 was seen to leave one of two cores idle: by 5 half of the time.
                    lowerThisThreadsPriority(by: 1)
                    Worker(self).run()
                }
                threads.withLock { $0.append(thread) }
            } catch {
                if number == 0 { throw error }
                logger.warning("Fewer threads than wanted", metadata: ["threads": "\(number)"])
                return
            }
        }
    }

    /// Ends the workers and waits for them, which takes no longer than hashing a MiB; what has been hashed
    /// is written down.
    package func stop() {
        // First: it finds work for the others.
        watcher.withLock { watcher in
            defer { watcher = nil }
            return watcher
        }?.stop()
        stopping.store(true, ordering: .relaxed)
        bell.ring(everyone: true)
        for thread in threads.withLock({ threads in
            defer { threads = [] }
            return threads
        }) { thread.join() }
        // An interrupted walk and its origin know each other.
        for origin in state.withLock({ $0.origins }) { origin.state.withLock { $0.walk = nil } }
        cache.store?.close()
    }

    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    // MARK: - What is shared

    /// Shares these directories, and no others any more.
    ///
    /// A drop-in of the same path, be it renamed, keeps its origin and its items; when what it selects has
    /// changed it is walked anew. Items of drop-ins that are gone are removed before this returns. Not for two
    /// threads at a time.
    ///
    /// - Parameter failures: listed in `statuses`, nothing else.
    /// - Parameter onOrigins: called with all origins before any file of a new one can be in the index.
    @discardableResult
    package func replaceDropIns(
        _ dropIns: [DropIn], failures: [FailedDropIn] = [],
        onOrigins: @Sendable ([MirrorOrigin]) -> Void = { _ in }
    ) -> [MirrorOrigin] {
        var toScan: [Origin] = []
        var removed: [Origin] = []
        var kept: [Origin] = []
        let old = state.withLock { $0.origins }
        var next = state.withLock { $0.nextOrigin }
        for (dropIn, known) in zip(dropIns, Mirror.match(dropIns, old)) {
            if let origin = known {
                // Also where there was nothing to share: it may be there now.
                if origin.update(dropIn) || !origin.isThere { toScan.append(origin) }
                kept.append(origin)
            } else {
                let origin = Origin(id: OriginID(next), dropIn: dropIn)
                next += 1
                toScan.append(origin)
                kept.append(origin)
            }
        }
        for origin in old where !kept.contains(where: { $0 === origin }) {
            origin.remove()
            removed.append(origin)
        }
        state.withLock { state in
            state.nextOrigin = next
            state.origins = kept
            state.failures = failures
            for origin in removed {
                state.queue.drop(origin)
                state.rechecks[origin.id] = nil
                state.notes[origin.id] = nil
                state.unfound[origin.id] = nil
            }
            if case .notConfigured = state.firstPass { state.firstPass = .running(Set(kept.map(\.id))) }
        }
        let origins = kept.map { origin in
            MirrorOrigin(id: origin.id, dropIn: origin.state.withLock { $0.dropIn })
        }
        onOrigins(origins)
        for origin in removed {
            watches?.retireAll(of: origin.id)
            _ = index.removeAll(origin: origin.id)
            logger.info("No longer shared", metadata: ["path": "\(origin.path)"])
        }
        for origin in toScan { requestPass(origin) }
        endFirstPass(of: removed.map(\.id))
        return origins
    }

    /// For each drop-in the origin that it goes on with: that of the same file and path; else one of the same
    /// path whose file is gone, which has been renamed.
    private static func match(_ dropIns: [DropIn], _ origins: [Origin]) -> [Origin?] {
        var rest = origins.filter { !$0.isRemoved }.map { ($0, $0.state.withLock { $0.dropIn }) }
        func take(where matches: (DropIn) -> Bool) -> Origin? {
            rest.firstIndex { matches($0.1) }.map { rest.remove(at: $0).0 }
        }
        var found = dropIns.map { new in take { $0.name == new.name && $0.path == new.path } }
        for (index, new) in dropIns.enumerated() where found[index] == nil {
            found[index] = take { old in
                old.path == new.path && !dropIns.contains { $0.name == old.name }
            }
        }
        return found
    }

    /// Walks all directories again; what is walked now is walked once more.
    package func rescanAll() {
        rescanAll(after: 0)
    }

    /// - Parameter delay: nanoseconds.
    func rescanAll(after delay: UInt64) {
        for origin in allOrigins { requestPass(origin, after: delay) }
    }

    var allOrigins: [Origin] { state.withLock { $0.origins } }

    /// Looks at one path again: a file whose content may have changed, or a directory. What attributes and
    /// store say of a file is not believed. Callable from any thread; does not block.
    ///
    /// - Parameter path: relative to the origin; empty for all of it.
    package func recheck(origin id: OriginID, path: RawName) {
        if path.isEmpty {
            if let origin = allOrigins.first(where: { $0.id == id }) { requestPass(origin) }
        } else {
            note([path.basename: .thorough], in: path.parent, of: id)
        }
    }

    /// Has names of a directory looked at. From any thread; does not block.
    ///
    /// - Parameter delay: nanoseconds, in which more may come to be looked at in one go.
    func note(
        _ names: [RawName: NoteTable.Marks], in path: RawName, of id: OriginID, after delay: UInt64 = 0
    ) {
        var overflowing: Origin?
        var queued: Origin?
        state.withLock { state in
            guard !names.isEmpty, let origin = state.origins.first(where: { $0.id == id }) else { return }
            switch state.notes[id, default: NoteTable()].add(names, in: path) {
            case .added: queued = origin
            case .known: break
            case .full:
                state.notes[id]!.removeAll()
                overflowing = origin
            }
        }
        if let queued { push(.look(queued, path), after: delay) }
        if let overflowing { requestPass(overflowing) }
    }

    /// Has it looked at where the path of an origin leads.
    func lookAtRoot(of id: OriginID) {
        if let origin = allOrigins.first(where: { $0.id == id }) { push(.root(origin)) }
    }

    // MARK: - What is known

    /// Of all drop-ins, those that could not be read last.
    package var statuses: [DirectoryStatus] {
        let (origins, failures) = state.withLock { ($0.origins, $0.failures) }
        return origins.map { origin in
            let totals = index.totals(origin: origin.id)
            return origin.status(
                items: totals.files, bytes: totals.bytes,
                isWatched: watches?.directories(of: origin.id).unwatched == 0, now: clock.monotonic())
        }
            + failures.map {
                DirectoryStatus(dropIn: $0.name, path: $0.path, state: .failed($0.reason))
            }
    }

    /// Whether every directory that was configured at the start has been walked and hashed once.
    package var firstPassDone: Bool {
        state.withLock { state in
            if case .done = state.firstPass { return true }
            return false
        }
    }

    /// Calls `body` once, when `firstPassDone` becomes true: at once, or on a worker's thread.
    package func whenFirstPassDone(_ body: @escaping @Sendable () -> Void) {
        let isDone = state.withLock { state in
            if case .done = state.firstPass { return true }
            state.waiters.append(body)
            return false
        }
        if isDone { body() }
    }

    package var counters: MirrorCounters {
        var counters = counts.withLock { $0 }
        counters.storeWrites = cache.store?.writes ?? 0
        return counters
    }

    // MARK: - For the workers

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
