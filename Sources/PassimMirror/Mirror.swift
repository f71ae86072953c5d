// The directories that are shared: walked, hashed, and put in the index, by threads of their own.
//
// This file is what others see, and Mirror+Work what the workers ask for. The work itself is Worker's; what waits
// for it is in WorkQueue, under the one lock here, which is never held over I/O, a call of the index, or an
// origin's lock.

package import Logging
package import PassimConfig
package import PassimCore
package import PassimIndex
package import PassimSystem
internal import Synchronization

package final class Mirror: Sendable {
    let index: DigestIndex
    let cache: ChecksumCache
    let volumes = VolumeTable()
    let clock: TimeSource
    let logger: Logger
    private let workers: Int
    let bell = Doorbell()
    private let stopping = Atomic<Bool>(false)
    let overflowed = Atomic<Bool>(false)
    let unwatchedReported = Atomic<Bool>(false)
    let counts = Lock(MirrorCounters())
    private let threads = Lock<[SystemThread]>([])
    private let watcher = Lock<Watcher?>(nil)
    private let table = Lock<WatchTable?>(nil)

    struct State {
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
    let state: Lock<State>

    enum FirstPass {
        case notConfigured
        case running(Set<OriginID>)
        case done
    }

    /// - Parameter store: where digests go that no attribute can take; nil: they are computed at each start.
    /// - Parameter epoch: of this start; nil: one that begins now, and believes no old stamps.
    /// - Parameter workers: threads that list and hash, at least 1.
    /// - Parameter firstOrigin: the first number given out to a directory; smaller ones are others'.
    package init(
        index: DigestIndex, store: ChecksumStore?, place: ChecksumPlace, epoch: ChecksumEpoch? = nil,
        logger: Logger,
        workers: Int = processorCount(), firstOrigin: UInt32 = 1, clock: TimeSource = .system
    ) {
        self.index = index
        cache = ChecksumCache(
            place: place, store: store, epoch: epoch ?? ChecksumEpoch(directory: nil, clock: clock))
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

    /// Files that wait to be hashed, of all origins but those.
    package func pendingFiles(besides origins: Set<OriginID>) -> Int {
        allOrigins.reduce(0) { sum, origin in
            origins.contains(origin.id) ? sum : sum + origin.progress.withLock { $0.pendingFiles }
        }
    }

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
}
