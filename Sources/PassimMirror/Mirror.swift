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
    let clock: MirrorClock
    let logger: Logger
    private let workers: Int
    private let bell = Doorbell()
    private let stopping = Atomic<Bool>(false)
    private let overflowed = Atomic<Bool>(false)
    private let counts = Lock(MirrorCounters())
    private let threads = Lock<[SystemThread]>([])

    private struct State {
        var queue = WorkQueue()
        /// In the order of the configuration.
        var origins: [Origin] = []
        var rechecks: [OriginID: RecheckTable] = [:]
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
        workers: Int = processorCount(), firstOrigin: UInt32 = 1, clock: MirrorClock = .system
    ) {
        self.index = index
        cache = ChecksumCache(place: place, store: store)
        self.logger = logger
        self.workers = max(1, workers)
        self.clock = clock
        state = Lock(State(nextOrigin: firstOrigin))
    }

    // MARK: - Start and stop

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
    /// A drop-in of the same name and path keeps its origin and its items; when what it selects has changed
    /// it is walked anew. Items of drop-ins that are gone are removed before this returns. Not for two
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
        for dropIn in dropIns {
            if let origin = old.first(where: { $0.isOf(dropIn) && !$0.isRemoved }) {
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
            }
            if case .notConfigured = state.firstPass { state.firstPass = .running(Set(kept.map(\.id))) }
        }
        let origins = kept.map { origin in
            MirrorOrigin(id: origin.id, dropIn: origin.state.withLock { $0.dropIn })
        }
        onOrigins(origins)
        for origin in removed {
            _ = index.removeAll(origin: origin.id)
            logger.info("No longer shared", metadata: ["path": "\(origin.path)"])
        }
        for origin in toScan { requestPass(origin) }
        endFirstPass(of: removed.map(\.id))
        return origins
    }

    /// Walks all directories again; what is walked now is walked once more.
    package func rescanAll() {
        for origin in state.withLock({ $0.origins }) { requestPass(origin) }
    }

    /// Looks at one path again: a file whose content may have changed, or a directory. What attributes and
    /// store say of a file is not believed. Callable from any thread; does not block.
    ///
    /// - Parameter path: relative to the origin; empty for all of it.
    package func recheck(origin id: OriginID, path: RawName) {
        var overflowing: Origin?
        let queued = state.withLock { state in
            guard let origin = state.origins.first(where: { $0.id == id }) else { return false }
            switch state.rechecks[id, default: RecheckTable()].add(path) {
            case .added:
                state.queue.push(.recheck(origin, path))
                return true
            case .known: return false
            case .full:
                overflowing = origin
                return false
            }
        }
        if queued { bell.ring() }
        if let overflowing { requestPass(overflowing) }
    }

    // MARK: - What is known

    /// Of all drop-ins, those that could not be read last.
    package var statuses: [DirectoryStatus] {
        let (origins, failures) = state.withLock { ($0.origins, $0.failures) }
        return origins.map { origin in
            let totals = index.totals(origin: origin.id)
            return origin.status(items: totals.files, bytes: totals.bytes)
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
            let work = state.queue.pop(now: now, smallOnly: smallOnly)
            if case .recheck(let origin, let path) = work { state.rechecks[origin.id]?.begin(path) }
            return work
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

    /// Makes a file that no pass waits for any more a re-check, so that no later walk queues it again.
    ///
    /// - Returns: false where it is one already, or there are too many.
    func adoptAsRecheck(_ origin: Origin, _ path: RawName) -> Bool {
        state.withLock { state in
            guard !origin.isRemoved, !state.rechecks[origin.id, default: RecheckTable()].contains(path),
                case .added = state.rechecks[origin.id, default: RecheckTable()].add(path)
            else { return false }
            state.rechecks[origin.id]!.begin(path)
            return true
        }
    }

    func endRecheck(_ origin: Origin, _ path: RawName) {
        let again = state.withLock { state in
            guard state.rechecks[origin.id]?.end(path) == true else { return false }
            state.queue.push(.recheck(origin, path))
            return true
        }
        if again { bell.ring() }
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
    func scheduleRescan(_ origin: Origin, after delay: UInt64) {
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
