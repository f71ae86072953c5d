internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem
internal import Synchronization

/// One walk over a directory or a part of it: what stays the same while it lasts, and what is still open.
///
/// With a pass of the index, what it did not meet in its scope is removed when all is listed. Without one (a
/// look at some names) it only changes those.
final class Walk: Sendable {
    let origin: Origin
    let dropIn: DropIn
    let root: OpenDirectory
    let rootIdentity: RootIdentity
    let scope: Scope
    let pass: PassID?
    /// Directories that nobody has entered since the table of watches was at this are not there.
    let stamp: UInt64
    /// Nothing of this origin is in the index yet, so each file is opened for its attributes at once. They are
    /// believed in such a walk only: later, whatever is new has been put there under our eyes.
    let isFirst: Bool
    let started: UInt64
    /// The same by the time of day.
    let begun: Timestamp

    enum Scope: Equatable {
        /// All of the origin.
        case whole
        /// A directory and all below it.
        case below(RawName)
        /// Some names.
        case names

        /// Of the directory that is covered; nil where none is.
        var path: RawName? {
            switch self {
            case .whole: .empty
            case .below(let path): path
            case .names: nil
            }
        }
    }

    private let cancelled = Atomic<Bool>(false)
    private let listing = Atomic<Int>(0)
    private let files = Atomic<Int>(0)

    struct Unreadable {
        var count = 0
        var first = ""
        /// Something failed that says nothing about what is below: its entries must stay.
        var fault = false
        /// Something failed that may not fail again, though nothing happens there that would tell.
        var passing = false
    }
    let unreadable = Lock(Unreadable())
    private let hashed = Atomic<Int>(0)

    init(
        origin: Origin, dropIn: DropIn, root: OpenDirectory, rootIdentity: RootIdentity, scope: Scope,
        pass: PassID?, stamp: UInt64, isFirst: Bool, clock: TimeSource
    ) {
        self.origin = origin
        self.dropIn = dropIn
        self.root = root
        self.rootIdentity = rootIdentity
        self.scope = scope
        self.pass = pass
        self.stamp = stamp
        self.isFirst = isFirst
        started = clock.monotonic()
        begun = clock.now()
    }

    var isWhole: Bool { scope == .whole }

    /// Ends the walk early: what is queued of it is dropped when its turn comes.
    func cancel() {
        cancelled.store(true, ordering: .relaxed)
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) || origin.isRemoved }

    /// Directories and batches of names that are queued or being worked on. The walk's files count on it as
    /// one, so that they cannot be at nought while there is something to list.
    func addListing(_ count: Int) {
        listing.add(count, ordering: .acquiringAndReleasing)
    }

    /// - Returns: true when that was the last: all is listed.
    func endListing() -> Bool {
        listing.subtract(1, ordering: .acquiringAndReleasing).newValue == 0
    }

    /// Files that the walk waits for, and the listing as one more.
    func addFiles(_ count: Int) {
        files.add(count, ordering: .acquiringAndReleasing)
    }

    /// - Returns: true when that was the last: the walk is over.
    func endFiles(_ count: Int) -> Bool {
        files.subtract(count, ordering: .acquiringAndReleasing).newValue == 0
    }

    var hashedFiles: Int { hashed.load(ordering: .relaxed) }

    func noteHashed() {
        hashed.add(1, ordering: .relaxed)
    }

    /// - Parameter fault: the entries known below stay as they are.
    /// - Parameter passing: worth another try; a fault is.
    func noteUnreadable(
        _ description: @autoclosure () -> String, fault: Bool = false, passing: Bool = false
    ) {
        unreadable.withLock { unreadable in
            unreadable.count += 1
            if unreadable.count == 1 { unreadable.first = description() }
            if fault { unreadable.fault = true }
            if fault || passing { unreadable.passing = true }
        }
    }
}
