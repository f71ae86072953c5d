internal import PassimConfig
internal import PassimCore
internal import PassimSystem
internal import Synchronization

/// One configured directory while the daemon runs. Reached under the lock of the state, but for `id` and `isRemoved`.
final class Origin: @unchecked Sendable {
    // Unchecked: `removal` is atomic, `id` is constant, and all else is reached only under the lock of the state.
    let id: OriginID

    /// Set once, when the drop-in is gone. Whoever changes the index looks at it afterwards: either the
    /// removal of all entries came later, or the change is undone by whoever sees this.
    private let removal = Atomic<Bool>(false)

    var dropIn: DropIn
    /// The generation of the last change of what the drop-in selects.
    var rules: UInt64

    // MARK: - Where it is

    /// The directory that the path led to last; nil where it led nowhere.
    var root: Node?
    var rootInode: InodeID?
    /// Open while somebody works in it, and no longer: a file system in which a descriptor is open, if only
    /// as a place, cannot be unmounted (tried: EBUSY).
    weak var openRoot: OpenDirectory?
    /// Without symlinks.
    var realPath: RawName?
    /// The root's file system, as it was when the root was found.
    var volume: Volume?
    /// Device of the root when there was something in it.
    var device: UInt64?
    var outcome = DirectoryStatus.State.scanning

    // MARK: - What is to be done

    var queue = OriginQueue()
    /// Nanoseconds of work that it has had, or level with those who had least when it came back.
    var used: UInt64 = 0
    var isReady = false
    /// Turns that workers are at.
    var running = 0
    /// The turns among them that have made no progress for long.
    var stuck = 0
    var isRootDue = false
    var isRootBusy = false
    /// The root is looked at for a scan.
    var isScanWanted = false
    var isScanAsked = false
    var scan: Scan?
    /// Over, and not told yet.
    var endedScan: Scan?
    /// Asked for while one ran: begins when that ends.
    var isScanWantedAgain = false
    /// When the next scan is due, in monotonic nanoseconds; nil where none is scheduled.
    var scanDue: UInt64?
    /// Inodes of which other names are to be looked at, and how hard.
    var linked: [UInt64: LinkChange] = [:]
    var linksAt: UInt64 = 0
    var areLinksDue = false
    var isReportDue = false

    /// Files that were made without a name and are being written, by inode: what is linked to them is not complete.
    var unnamed: [UInt64: UnnamedFile] = [:]

    struct UnnamedFile {
        /// When it counts as complete without an event, in monotonic nanoseconds.
        var until: UInt64 = 0
        /// Names that it has been met under, which wait for its end.
        var names: [(node: Node, name: RawName)] = []
    }

    struct LinkChange {
        var suspicion: Suspicion
        var writing: Writing
    }

    // MARK: - What came of it

    var scansDone = 0
    /// Duration of the last scan, in nanoseconds.
    var scanDuration: UInt64 = 0
    /// Tries to reach the root in a row.
    var tries: UInt8 = 0
    /// When the index was changed last.
    var lastChange: Timestamp?
    var progress = ScanProgress()
    /// Directories that are listed, and those of them that are not watched.
    var directories = 0
    var unwatched = 0
    var unreadable = Unreadable()
    /// Type of a file system in it whose inode numbers do not last; nil while none has been met.
    var numberlessType: String?
    /// Files that are read more seldom as they are rewritten all the time.
    var restless = 0

    struct Unreadable {
        /// Files and directories that cannot be read now.
        var count = 0
        /// One of them, and why.
        var first = ""
        /// How many were told, and when, in monotonic nanoseconds.
        var told = 0
        var toldAt: UInt64?
    }

    init(id: OriginID, dropIn: DropIn, rules: UInt64) {
        self.id = id
        self.dropIn = dropIn
        self.rules = rules
    }

    var isRemoved: Bool { removal.load(ordering: .sequentiallyConsistent) }

    func remove() {
        removal.store(true, ordering: .sequentiallyConsistent)
    }

    /// True if the directory could be opened last.
    var isThere: Bool {
        switch outcome {
        case .scanning, .watching, .polling: true
        case .missing, .failed: false
        }
    }

    var hasWork: Bool {
        endedScan != nil || isRootDue && !isRootBusy || areLinksDue || isReportDue || !queue.isEmpty
    }

    /// Nanoseconds between scans, as configured or as others may change the files without its being told; nil: none.
    var scanInterval: UInt64? {
        if let seconds = dropIn.rescanInterval {
            return seconds > 0 ? UInt64(seconds).multiplied(saturatingBy: 1_000_000_000) : nil
        }
        return volume?.isNetwork == true ? max(Limits.networkInterval, 20 * scanDuration) : nil
    }

    private var notes: [String] {
        var notes: [String] = []
        if restless == 1 { notes.append("a file is rewritten again and again: it is read ever more seldom") }
        if restless > 1 {
            notes.append("\(restless) files are rewritten again and again: they are read ever more seldom")
        }
        if let numberlessType {
            notes.append(
                "inode numbers do not last on \(numberlessType): files are told by path, size and times")
        }
        return notes
    }

    /// - Parameter now: monotonic nanoseconds.
    func status(items: Int, bytes: UInt64, now: UInt64) -> DirectoryStatus {
        var status = DirectoryStatus(
            dropIn: dropIn.name, path: dropIn.path,
            state: outcome == .watching && (unwatched > 0 || scanInterval != nil) ? .polling : outcome)
        if stuck > 0 { status.state = .failed("the file system does not answer") }
        status.origin = id
        status.lastChange = lastChange
        status.items = items
        status.bytes = bytes
        progress.write(to: &status, now: now)
        status.unreadable = unreadable.count
        status.notes = notes
        status.isAdvertised = dropIn.advertise
        return status
    }
}
