// The directories that are shared: found, hashed, and put in the index, by threads of their own.
//
// The stages, each a folder or a file:
//   Watching   inotify(7) and mountinfo are read, on one thread           -> events
//   State      what waits and what is known; gives out turns               (one lock, no system call)
//   Work       a worker's turn, by its kind:
//     +Root      where a configured path leads to, each step of it watched
//     +List      the names of a directory, watched before they are read
//     +Check     names compared with the index; what may be believed of new ones
//     +Look      the same for names that events told of
//     +Hash      a slice of a file, or some small files
//     +Links     the other names of a file
//   Checksums  digests that are kept between runs, and when they are believed
//   Offline    the same stages for `passim scan`, `verify` and `--check-config`, without a daemon
//
// Threads: the watcher; as many workers as there are processors and one more; one that looks whether they get on.
// Locks, none of which is taken inside another or held over a system call: that of the state; that of the checksum
// store, which is held over SQLite; those of the index.

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
    let links = LinkedFiles()
    let volumes = VolumeTable()
    let privates: PrivateDirectories
    let pathWalk: PathWalk
    /// Directories of `privates` that were met below shared ones, and told of.
    let privatesTold = Lock<Set<InodeID>>([])
    private let state: Lock<MirrorState>
    private let eventCount = EventCount()
    private let workers: Int
    private let pool = Lock<WorkerPool?>(nil)
    private let watcher = Lock<Watcher?>(nil)
    private let inotify = Lock<Inotify?>(nil)
    private let stopping = Atomic<Bool>(false)
    private let overflowed = Atomic<Bool>(false)
    private let unwatchedReported = Atomic<Bool>(false)
    private let counts = Lock(MirrorCounters())

    /// - Parameter store: where digests go that no attribute can take; nil: they are computed at each start.
    /// - Parameter epoch: of this start; nil: one that begins now, and believes no old stamps.
    /// - Parameter privates: never shared.
    /// - Parameter workers: threads that may work in one directory at a time, at least 1.
    /// - Parameter firstOrigin: the first number given out to a directory; smaller ones are others'.
    package init(
        index: DigestIndex, store: ChecksumStore?, place: ChecksumPlace, epoch: ChecksumEpoch? = nil,
        logger: Logger,
        privates: PrivateDirectories = PrivateDirectories(), workers: Int = processorCount(),
        firstOrigin: UInt32 = 1, clock: TimeSource = .system
    ) {
        self.index = index
        cache = ChecksumCache(
            place: place, store: store, epoch: epoch ?? ChecksumEpoch(directory: nil, clock: clock))
        self.logger = logger
        self.privates = privates
        pathWalk = PathWalk(privates)
        self.workers = max(1, workers)
        self.clock = clock
        state = Lock(MirrorState(firstOrigin: firstOrigin, wall: clock.now))
        state.withLock { $0.turnsPerOrigin = self.workers }
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
        do throws(SystemError) {
            let watcher = try Watcher.start(self, dropIns: dropIns, onDropIns: onDropIns)
            self.watcher.withLock { $0 = watcher }
        } catch {
            cannotWatch(error)
        }
    }

    /// The calls on the inotify instance; nil where nothing is watched.
    var watches: Inotify? { inotify.withLock { $0 } }

    func beganWatching(_ inotify: Inotify?) {
        self.inotify.withLock { $0 = inotify }
    }

    /// Starts the workers.
    ///
    /// - Throws: when not even one thread can be had.
    package func start() throws(SystemError) {
        // One more than may be in one directory: that one always has somebody for the others.
        let pool = try WorkerPool.start(self, workers + 1)
        self.pool.withLock { $0 = pool }
    }

    /// Ends the threads, and waits for them for three seconds at most; what has been hashed is written down. A thread
    /// that waits for a file system which does not answer is left behind and changes nothing when it returns.
    package func stop() {
        stopping.store(true, ordering: .relaxed)
        let end = monotonicNanoseconds() + Limits.endTime
        // First: it finds work for the others.
        watcher.withLock { watcher in
            defer { watcher = nil }
            return watcher
        }?.stop(by: end)
        eventCount.notify(all: true)
        pool.withLock { pool in
            defer { pool = nil }
            return pool
        }?.stop(by: end)
        // Directories know those below them, which know them.
        change { state, now in
            for origin in state.origins where origin.root != nil { _ = state.retire(origin.root!, now: now) }
        }
        cache.store?.close()
    }

    var isStopping: Bool { stopping.load(ordering: .relaxed) }

    // MARK: - What is asked of it

    /// Walks all directories again; what is walked now is walked once more.
    package func rescanAll() {
        change { state, _ in
            for origin in state.origins { state.requestScan(origin) }
        }
    }

    /// Looks at one path again: a file whose content may have changed, or a directory. What attributes say of a file is
    /// not believed. Callable from any thread; does not block.
    ///
    /// - Parameter path: relative to the origin; empty for all of it.
    package func recheck(origin id: OriginID, path: RawName) {
        change { state, now in
            guard let origin = state.origins.first(where: { $0.id == id }) else { return }
            if path.isEmpty {
                state.requestScan(origin)
            } else {
                state.mark(path, of: origin, .none, isDeep: true, due: now, now: now)
            }
        }
    }

    /// Looks at a file again whose entry in the index is not true, and goes. From before that on its name is pending,
    /// until it is known what the file is: at no moment it looks as if there were none. Callable from any thread; does
    /// not block.
    ///
    /// - Parameter drop: takes the entry out of the index.
    package func recheck(_ item: Item, dropping drop: () -> Void) {
        func mark(after delay: UInt64) {
            change { state, now in
                guard let origin = state.origins.first(where: { $0.id == item.entry.origin }) else { return }
                state.mark(item.path, of: origin, .none, isDeep: true, due: now + delay, now: now)
            }
        }
        // A look before the drop could find the entry as it should be, and be done with it.
        mark(after: Limits.gatheringTime)
        drop()
        mark(after: 0)
    }

    /// Believes what root says that it has hashed, where the files are as they were then.
    package func vouch(_ files: [Voucher]) {
        cache.vouch(files)
    }

    // MARK: - The state

    /// Changes the state and wakes whoever may have something to do then.
    ///
    /// - Parameter body: is given the time, in monotonic nanoseconds; makes no system call and takes no lock.
    func change<Result>(_ body: (inout MirrorState, UInt64) -> Result) -> Result {
        let now = clock.monotonic()
        let (result, news) = state.withLock { state in (body(&state, now), state.takeNews()) }
        if news > 0 { eventCount.notify(all: news > 1) }
        return result
    }

    /// Looks at the state.
    func look<Result>(_ body: (inout MirrorState) -> Result) -> Result {
        state.withLock { body(&$0) }
    }

    func workTicket() -> UInt64 { eventCount.ticket() }

    /// - Parameter limit: monotonic nanoseconds; nil: none.
    func waitForWork(after ticket: UInt64, until limit: UInt64? = nil) {
        let due = nextDue
        eventCount.wait(after: ticket, until: limit.map { min($0, due ?? $0) } ?? due)
    }

    /// When there will be something to do without anybody asking.
    var nextDue: UInt64? { state.withLock { $0.nextDue } }

    /// Waits until all events have been read that happened before this was called. False where nothing is watched, or it
    /// takes too long.
    func readEvents() -> Bool { watcher.withLock { $0 }?.readAll() ?? false }

    // MARK: - The index

    /// Changes the index, so that nothing of a directory comes in after it was taken out of the tree.
    func apply(_ changes: [Change], in node: Node) {
        let origin = node.origin
        // At the end another process may have the database and the directories.
        if changes.isEmpty || origin.isRemoved || isStopping { return }
        let batch = index.apply(changes)
        let now = clock.now()
        state.withLock { _ in origin.lastChange = now }
        if !batch.refused.isEmpty, !overflowed.exchange(true, ordering: .relaxed) {
            logger.warning(
                "The index is full: further files are not shared",
                metadata: ["drop-in": "\(name(of: origin))"])
        }
        // Removed meanwhile: either its sweep came after our change, or we see the mark and sweep again.
        if origin.isRemoved { _ = index.removeAll(origin: origin.id) }
        // The same for a directory: whoever took it out forgets what is below it afterwards, or did so before.
        if look({ _ in node.isGone || !node.isEntered }) {
            index.apply(
                changes.compactMap { change in
                    guard case .insert(let directory, let name, _, _, _) = change else { return nil }
                    return .remove(directory: directory, name: name)
                })
        }
    }

    /// Ends watches that stand for nothing any more.
    func unwatch(_ ended: [CInt]) {
        guard !ended.isEmpty, let watches else { return }
        for watch in ended { watches.remove(watch) }
    }

    func name(of origin: Origin) -> String { state.withLock { _ in origin.dropIn.name } }

    // MARK: - Counters

    func count(_ body: (inout MirrorCounters) -> Void) {
        counts.withLock { body(&$0) }
    }

    package var counters: MirrorCounters {
        var counters = counts.withLock { $0 }
        counters.storeWrites = cache.store?.writes ?? 0
        return counters
    }

    // MARK: - What cannot be watched

    func cannotWatch(_ failure: SystemError) {
        state.withLock { $0.watchingFailure = failure.sentence }
        logger.warning(
            "Nothing can be watched: changes are found by scanning again and again. Raise the sysctl fs.inotify.max_user_instances, then restart passimd",
            metadata: ["error": "\(failure)", "seconds": "\(Limits.pollingInterval / 1_000_000_000)"])
    }

    /// Says once that not everything can be watched, and again when it has got better and worse.
    func reportUnwatched() {
        guard watches != nil else { return }
        let (present, unwatched, failure) = state.withLock { state in
            (state.watches.count, state.origins.reduce(0) { $0 + $1.unwatched }, state.lastWatchFailure)
        }
        guard unwatched > 0, let failure else {
            unwatchedReported.store(false, ordering: .relaxed)
            return
        }
        if unwatchedReported.exchange(true, ordering: .relaxed) { return }
        if failure == .noSpace {
            let limit = WatchLimit.current
            logger.warning(
                "Too few inotify watches: directories without one are scanned again and again. Raise the sysctl, then run passim rescan",
                metadata: [
                    "sysctl": "\(limit.name)", "now": "\(limit.value.map(String.init) ?? "unknown")",
                    "needed": "\(present + unwatched)",
                    "seconds": "\(Limits.pollingInterval / 1_000_000_000)",
                ])
        } else {
            logger.warning(
                "Some directories cannot be watched and are walked again and again",
                metadata: ["directories": "\(unwatched)", "error": "\(failure.sentence)"])
        }
    }
}
