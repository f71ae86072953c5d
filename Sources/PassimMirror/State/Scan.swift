internal import PassimCore
internal import PassimIndex

/// One look at everything of an origin: a visit of its root and of all directories below. Reached under the lock of the
/// state.
final class Scan: @unchecked Sendable {
    // Unchecked: what changes is reached only under the lock of the state.

    /// Nothing of the origin was known when it began.
    let isFirst: Bool
    /// Somebody has asked for it: what failed is tried again, whenever its time is.
    let isAsked: Bool
    /// Monotonic nanoseconds.
    let started: UInt64
    /// Directories, hash jobs and names that it waits for.
    var open = 0
    var hashedFiles = 0
    var removedFiles = 0

    init(isFirst: Bool, isAsked: Bool, started: UInt64) {
        self.isFirst = isFirst
        self.isAsked = isAsked
        self.started = started
    }
}

/// One look at all names of a directory, in parts that several workers do.
final class Visit: @unchecked Sendable {
    // Unchecked: what changes is reached only under the lock of the state, but for what the worker that lists sets
    // before there is a second part.

    let node: Node
    /// nil where it is not part of one.
    let scan: Scan?
    /// Directories below are visited too, and not only those that are new.
    let isDeep: Bool
    /// Nothing was known of this directory before.
    let isFirst: Bool
    /// The generation when it began.
    let began: UInt64
    /// Names of which events were dropped: a file that has changed since is read whatever is known.
    let writtenSince: Timestamp?
    /// The listing and the blocks of names that are not done with.
    var openParts = 1
    /// False where names may be missing: then nothing is removed that was not met.
    var isComplete = true
    var unreadable = 0
    /// Why it could not be listed to its end.
    var obstacle: MirrorState.Obstacle?
    /// The same visit in the index.
    var indexVisit: VisitID?

    init(
        node: Node, scan: Scan?, isDeep: Bool, isFirst: Bool, began: UInt64, writtenSince: Timestamp?
    ) {
        self.node = node
        self.scan = scan
        self.isDeep = isDeep
        self.isFirst = isFirst
        self.began = began
        self.writtenSince = writtenSince
    }
}
