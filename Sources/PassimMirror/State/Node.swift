internal import PassimCore

/// A directory of an origin, under its path. The one tree: what is watched, what is to be looked at, and what is done
/// in it.
///
/// It outlives its directory for those who still work in it; they see `isGone`.
final class Node: @unchecked Sendable {
    // Unchecked: `origin` and `name` never change and `parent` only in `deinit`; all else is reached only under the lock
    // of the state.

    let origin: Origin
    /// One component; empty in the root.
    let name: RawName
    private(set) var parent: Node?

    var children: [RawName: Node] = [:]
    var isGone = false
    /// The watch descriptor; -1 where it is not watched.
    var watch: CInt = -1
    /// Listed, and known from then on.
    var isEntered = false
    /// True if names below can be reached (the x of its mode, for this process).
    var isSearchable = true
    /// It could not be listed.
    var isUnreadable = false

    /// Files have been found in it.
    private(set) var hasHadFiles = false

    /// The generation of the last event here, or of the last look that ended.
    var changed: UInt64 = 0
    /// The generation since which every change was told: of the last whole visit that was watched from its beginning; 0
    /// where there was none.
    var provenSince: UInt64 = 0
    /// The visit of the directory above that met it last.
    var met: UInt64 = 0

    /// All names are to be looked at.
    var whole = Whole.none
    /// The scan that waits for that.
    var scan: Scan?
    /// Since when events of names may have been dropped, by the time of day.
    var writtenSince: Timestamp?
    var names: [RawName: Unsettled] = [:]
    /// The part of `names` to look at now.
    var dirty: [RawName] = []
    /// When to look at `dirty`, and when to visit the whole. Monotonic nanoseconds.
    var lookDue: UInt64 = 0
    var wholeDue: UInt64 = 0
    /// The entries in the timers that count, for these two and for names that are due by themselves; `.max`: none.
    var soonArmed = UInt64.max
    var laterArmed = UInt64.max

    /// Names that the drop-in leaves out, of files that have others: their inodes.
    var outside: [RawName: UInt64] = [:]

    /// The work that goes on in it now.
    var work = Work.none
    var isLookQueued = false
    var isVisitQueued = false
    /// How often it could not be listed, one time after another.
    var tries: UInt8 = 0
    /// Files to be hashed that no turn has begun, and which are not in `names`.
    var waitingFiles: Int32 = 0
    /// Names that the last visit could not read, and which are not in `names`.
    var unreadable = 0

    enum Work {
        case none
        /// A worker looks at these names.
        case look([RawName])
        case visit
    }

    var isBusy: Bool {
        if case .none = work { false } else { true }
    }

    /// True if it has no name but those that it is known to have: it was listed to its end, no drop-in has changed
    /// since, and of each change since an event has told.
    func isKnown(lost: UInt64) -> Bool {
        isEntered && watch >= 0 && writtenSince == nil && provenSince > max(lost, origin.rules)
    }

    enum Whole: UInt8, Comparable {
        case none
        /// Its names, and all below directories that are new.
        case shallow
        /// All below.
        case deep

        static func < (one: Whole, other: Whole) -> Bool { one.rawValue < other.rawValue }
    }

    init(origin: Origin, name: RawName, parent: Node?) {
        self.origin = origin
        self.name = name
        self.parent = parent
    }

    deinit {
        // One by one: a chain as deep as the tree would recurse as deep.
        var next = parent.take()
        while next != nil, isKnownUniquelyReferenced(&next) {
            next = next!.parent.take()
        }
    }

    /// True if files of it may be in the index, now that it has been listed with or without any.
    func mayHaveFiles(_ hasFiles: Bool) -> Bool {
        if hasFiles { hasHadFiles = true }
        return hasHadFiles
    }

    /// Relative to the origin.
    var path: RawName {
        var names: [RawName] = []
        var length = 0
        var node: Node? = self
        while let here = node {
            if !here.name.isEmpty {
                names.append(here.name)
                length += here.name.bytes.count + 1
            }
            node = here.parent
        }
        var bytes = [UInt8]()
        bytes.reserveCapacity(length)
        for name in names.reversed() {
            if !bytes.isEmpty { bytes.append(0x2F) }
            bytes.append(contentsOf: name.bytes)
        }
        return RawName(bytes: bytes)
    }
}
