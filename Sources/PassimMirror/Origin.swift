internal import PassimConfig
internal import PassimCore
internal import Synchronization

/// One configured directory while the daemon runs: its drop-in, its root, its pass, its progress.
final class Origin: Sendable {
    let id: OriginID

    /// Set once, when the drop-in is gone. Whoever changes the index looks at it afterwards: either the
    /// removal of all entries came later, or the change is undone by whoever sees this.
    private let removal = Atomic<Bool>(false)

    /// Which scheduled rescan counts; an earlier one is void when its time comes.
    private let currentSchedule = Atomic<Int>(0)

    struct State {
        var dropIn: DropIn
        /// Which directory the path led to last; nil where it led nowhere.
        var root: RootIdentity?
        /// Open while somebody works in it, and no longer: a file system in which a descriptor is open, if only
        /// as a place, cannot be unmounted (tried: EBUSY).
        weak var openRoot: OpenDirectory?
        /// Where it is, without symlinks.
        var realPath: RawName?
        /// Of the root when there was something in it.
        var device: UInt64?
        /// The pass that runs.
        var walk: Walk?
        /// A worker is about to begin one.
        var beginning = false
        /// A pass waits in the queue.
        var requested = false
        /// Asked for while one ran: starts when that ends.
        var again = false
        var passesDone = 0
        var outcome = DirectoryStatus.State.scanning
        /// Tries of a pass that could not begin.
        var tries: UInt8 = 0
        /// Passes in a row in which something failed that may pass.
        var faultyPasses = 0
        /// Of the last pass, in nanoseconds.
        var passDuration: UInt64 = 0
        /// When the next pass is due, in monotonic nanoseconds; nil where none is scheduled.
        var rescanDue: UInt64?
        /// How many files and directories were said to be unreadable, and when, in monotonic nanoseconds.
        var unreadableTold = 0
        var unreadableToldAt: UInt64?
        /// When the index was changed last.
        var lastChange: Timestamp?

        /// The path leads nowhere; what comes there next is new.
        mutating func loseRoot() {
            root = nil
            realPath = nil
            passesDone = 0
        }
    }
    let state: Lock<State>

    let progress: Lock<ScanProgress>

    init(id: OriginID, dropIn: DropIn) {
        self.id = id
        state = Lock(State(dropIn: dropIn))
        progress = Lock(ScanProgress())
    }

    var isRemoved: Bool { removal.load(ordering: .sequentiallyConsistent) }

    func remove() {
        removal.store(true, ordering: .sequentiallyConsistent)
        // The two know each other: forgotten here, they go when the last job of the walk does.
        let walk = state.withLock { state in
            defer { state.walk = nil }
            return state.walk
        }
        walk?.cancel()
    }

    var schedule: Int { currentSchedule.load(ordering: .relaxed) }

    func newSchedule() -> Int {
        currentSchedule.add(1, ordering: .relaxed).newValue
    }

    var path: String { state.withLock { $0.dropIn.path } }

    /// Whether the directory could be opened last.
    var isThere: Bool {
        state.withLock { state in
            switch state.outcome {
            case .scanning, .watching, .polling: true
            case .missing, .failed: false
            }
        }
    }

    /// Takes over a drop-in of the same path.
    ///
    /// - Returns: whether it selects other files, so that a walk is needed; one that runs is given up.
    func update(_ dropIn: DropIn) -> Bool {
        let (selectsOthers, walk) = state.withLock { state in
            let old = state.dropIn
            state.dropIn = dropIn
            let selectsOthers =
                !old.selectsSame(as: dropIn) || old.rescanInterval != dropIn.rescanInterval
            return (selectsOthers, selectsOthers ? state.walk : nil)
        }
        walk?.cancel()
        return selectsOthers
    }

    func addPending(_ jobs: [FileJob]) {
        if jobs.isEmpty { return }
        progress.withLock { progress in
            for job in jobs { progress.addPending(size: job.size) }
        }
    }

    /// - Parameter now: monotonic nanoseconds.
    func status(items: Int, bytes: UInt64, isWatched: Bool, now: UInt64) -> DirectoryStatus {
        let (dropIn, outcome, lastChange) = state.withLock { ($0.dropIn, $0.outcome, $0.lastChange) }
        var status = DirectoryStatus(
            dropIn: dropIn.name, path: dropIn.path,
            state: outcome == .watching && !isWatched ? .polling : outcome)
        status.origin = id
        status.lastChange = lastChange
        status.items = items
        status.bytes = bytes
        progress.withLock { $0.write(to: &status, now: now) }
        return status
    }
}
