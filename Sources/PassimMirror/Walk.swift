internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import Synchronization

/// One walk over a directory or a part of it: what stays the same while it lasts, and what is still open.
///
/// With a pass of the index it covers the whole origin, and what it did not meet is removed when all is
/// listed. Without one (a re-check) it only adds and replaces.
final class Walk: Sendable {
    let origin: Origin
    let dropIn: DropIn
    let root: OpenDirectory
    let pass: PassID?
    /// Nothing of this origin is in the index yet, so each file is opened for its attributes at once.
    let isFirst: Bool
    let started: UInt64

    private let cancelled = Atomic<Bool>(false)
    private let listing = Atomic<Int>(0)
    private let files = Atomic<Int>(0)

    struct Unreadable {
        var count = 0
        var first = ""
        /// Something failed that says nothing about what is below: its entries must stay.
        var fault = false
    }
    let unreadable = Lock(Unreadable())
    private let hashed = Atomic<Int>(0)

    init(
        origin: Origin, dropIn: DropIn, root: OpenDirectory, pass: PassID?, isFirst: Bool, started: UInt64
    ) {
        self.origin = origin
        self.dropIn = dropIn
        self.root = root
        self.pass = pass
        self.isFirst = isFirst
        self.started = started
    }

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
    func noteUnreadable(_ description: @autoclosure () -> String, fault: Bool = false) {
        unreadable.withLock { unreadable in
            unreadable.count += 1
            if unreadable.count == 1 { unreadable.first = description() }
            if fault { unreadable.fault = true }
        }
    }
}
