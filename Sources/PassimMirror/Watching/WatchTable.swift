// Which directory each watch descriptor stands for, and what has been noticed in it.
//
// A tree of nodes for each origin, the same shape as the directories that were walked. One watch may stand for
// several nodes: drop-ins overlap, and a directory can be mounted in two places. Beside the nodes it may stand for
// steps: places on the way to a configured path, where only one name matters (Follower).
//
// Watches are added under the lock that guards the table, so that no event can be read of a watch that is not
// in it. Walkers enter directories from any thread; the watcher's thread reads the events.

internal import PassimCore
internal import PassimSystem

final class WatchTable: Sendable {
    /// Nothing here is about reading: whoever downloads does not wake the watcher.
    static let treeMask: InotifyMask = [
        .modified, .attributesChanged, .closedAfterWriting, .movedFrom, .movedTo, .created, .deleted,
        .deletedSelf, .movedSelf, .onlyLinked, .onlyDirectories,
    ]
    /// Added to what the same directory may be watched for as part of a tree.
    static let stepMask: InotifyMask = [
        .attributesChanged, .movedFrom, .movedTo, .created, .deleted, .deletedSelf, .movedSelf,
        .onlyDirectories, .more,
    ]

    /// Who follows a path, and is told when it may lead elsewhere.
    enum Follower: Hashable {
        case origin(OriginID)
        /// The directory of the drop-ins: its content too.
        case dropIns
    }

    struct Step {
        let follower: Follower
        /// nil: every name.
        let name: RawName?
        let round: UInt64
    }

    struct Watched {
        var nodes: [WatchNode] = []
        var steps: [Step] = []

        var isEmpty: Bool { nodes.isEmpty && steps.isEmpty }
    }

    struct State {
        var inotify: Inotify?
        var roots: [OriginID: WatchNode] = [:]
        var watches: [CInt: Watched] = [:]
        /// On which watches the steps of a follower are.
        var followed: [Follower: Set<CInt>] = [:]
        var directories: [OriginID: DirectoryCount] = [:]
        var findings = WatchFindings()
        var deadlines = DelayQueue<(node: WatchNode, name: RawName)>()
        /// When to stop waiting for the end, in monotonic nanoseconds.
        var unfinishedDropIns: [RawName: UInt64] = [:]
        var stamp: UInt64 = 0
        var round: UInt64 = 0
        var lastFailure: SystemError.Code?
        /// How often events were lost.
        var losses: UInt64 = 0
        /// All names of the files that have several, as far as they were met.
        var links: [RootIdentity: [Link]] = [:]
        var linkCount = 0
        var isToldOfLinks = false
    }
    let state: Lock<State>
    /// Has `takeFindings` called soon.
    let wake: @Sendable () -> Void

    struct DirectoryCount: Equatable {
        var all = 0
        var unwatched = 0
    }

    /// - Parameter inotify: nil where there is no instance: then nothing is watched, and all else is as ever.
    /// - Parameter wake: called where there are findings and no event has come.
    init(_ inotify: Inotify?, wake: @escaping @Sendable () -> Void = {}) {
        self.wake = wake
        state = Lock(State())
        state.withLock { $0.inotify = inotify }
    }

    // MARK: - Walking

    /// Begins a walk.
    ///
    /// - Returns: what the directories are stamped with that are entered from now on, by this walk or another:
    ///   a walk sweeps what nobody has entered since it began.
    func beginWalk() -> UInt64 {
        state.withLock { state in
            state.stamp += 1
            return state.stamp
        }
    }

    enum Entered {
        /// The directory that was known under this name, watched without a gap since it was walked.
        case known(WatchNode)
        case new(WatchNode)
        /// The directory above is not where it was.
        case gone
    }

    /// Enters the directory of an origin, and watches it from now on.
    func enter(_ directory: borrowing Descriptor, rootOf origin: OriginID) -> Entered {
        tellingOfLinks { state in
            var watch = state.add(directory)
            if let root = state.roots[origin] {
                if root.watch == watch, watch >= 0 {
                    root.stamp = state.stamp
                    return .known(root)
                }
                state.retire(root)
                watch = state.add(directory)
            }
            let root = WatchNode(origin: origin, name: .empty, parent: nil)
            state.roots[origin] = root
            state.install(root, watch)
            return .new(root)
        }
    }

    /// Enters a directory below another one, and watches it from now on: before its names are read, so that
    /// whatever comes later is told.
    ///
    /// - Parameter directory: open; watching it again gives the watch that it has, so this tells whether it is
    ///   the one that is known: inode numbers do not, they are used again at once.
    func enter(
        _ directory: borrowing Descriptor, _ name: RawName, below parent: WatchNode, isSearchable: Bool
    ) -> Entered {
        tellingOfLinks { state in
            if parent.isGone { return .gone }
            var watch = state.add(directory)
            if let child = parent.children[name] {
                if child.watch == watch, watch >= 0 {
                    child.stamp = state.stamp
                    guard child.isSearchable == isSearchable else {
                        child.isSearchable = isSearchable
                        return .new(child)
                    }
                    return .known(child)
                }
                state.retire(child)
                // It may have been below, and its watch gone with that.
                watch = state.add(directory)
            }
            let child = WatchNode(origin: parent.origin, name: name, parent: parent)
            parent.children[name] = child
            child.isSearchable = isSearchable
            state.install(child, watch)
            return .new(child)
        }
    }

    /// Whether a directory is the one that this node stands for, and still watched.
    func isWatching(_ node: WatchNode, _ directory: borrowing Descriptor) -> Bool {
        state.withLock { state in !node.isGone && node.watch >= 0 && state.add(directory) == node.watch }
    }

    /// The node of a directory; nil where it has not been walked.
    func find(_ origin: OriginID, _ path: RawName) -> WatchNode? {
        state.withLock { $0.find(origin, path) }
    }

    func child(of parent: WatchNode?, _ name: RawName) -> WatchNode? {
        state.withLock { _ in parent?.children[name] }
    }

    /// The directory is not there any more, and nothing below it.
    func retire(_ node: WatchNode) {
        tellingOfLinks { $0.retire(node) }
    }

    /// The directory of an origin is not there.
    func retireRoot(of origin: OriginID) {
        tellingOfLinks { state in
            if let root = state.roots[origin] { state.retire(root) }
        }
    }

    /// The origin is gone.
    func retireAll(of origin: OriginID) {
        tellingOfLinks { state in
            if let root = state.roots[origin] { state.retire(root) }
            state.directories[origin] = nil
            state.unfollow(.origin(origin), keeping: nil)
        }
    }

    /// Retires what no walk has entered since the one with this stamp began, at and below a path.
    func sweep(_ origin: OriginID, _ path: RawName, before stamp: UInt64) {
        tellingOfLinks { state in
            guard let top = state.find(origin, path) else { return }
            var waiting = [top]
            while let node = waiting.popLast() {
                if node.stamp < stamp {
                    state.retire(node)
                } else {
                    waiting.append(contentsOf: node.children.values)
                }
            }
        }
    }

    // MARK: - Working in a directory

    /// What has been noticed of a directory so far, and how often anything may have been missed.
    struct Mark: Equatable {
        fileprivate let events: UInt64
        fileprivate let losses: UInt64
    }

    /// nil where the directory is gone.
    func mark(of node: WatchNode) -> Mark? {
        state.withLock { node.isGone ? nil : Mark(events: node.events, losses: $0.losses) }
    }

    func isWatched(_ node: WatchNode) -> Bool {
        state.withLock { _ in node.watch >= 0 }
    }

    /// Whether somebody has begun to write a file and has not closed it, as far as was noticed.
    ///
    /// - Parameter size: what the file has now. One that has come with its bytes, none of them written since,
    ///   is a link to a file that was complete before.
    func isWriting(_ node: WatchNode, _ name: RawName, size: UInt64) -> Bool {
        state.withLock { _ in
            guard let writing = node.writing[name] else { return false }
            if writing.isModified || size == 0 { return true }
            node.writing[name] = nil
            return false
        }
    }

    // MARK: - Numbers

    func directories(of origin: OriginID) -> DirectoryCount {
        state.withLock { $0.directories[origin] ?? DirectoryCount() }
    }

    /// Watches that there are, and that it would take to watch everything.
    var watchCount: (present: Int, needed: Int) {
        state.withLock { state in
            let unwatched = state.directories.values.reduce(0) { $0 + $1.unwatched }
            return (state.watches.count, state.watches.count + unwatched)
        }
    }

    /// Why a directory could not be watched last.
    var lastFailure: SystemError.Code? { state.withLock { $0.lastFailure } }

    /// Forgets everything; nobody watches any more.
    func close() {
        state.withLock { state in
            state.inotify = nil
            for root in state.roots.values { state.retire(root) }
            state.watches = [:]
            state.deadlines = DelayQueue()
            state.findings = WatchFindings()
        }
    }
}

extension WatchTable.State {
    /// - Returns: -1 where the directory cannot be watched.
    fileprivate mutating func add(_ directory: borrowing Descriptor) -> CInt {
        guard let inotify else { return -1 }
        do throws(SystemError) {
            return try inotify.add(directory, WatchTable.treeMask)
        } catch {
            lastFailure = error.code
            return -1
        }
    }

    fileprivate mutating func install(_ node: WatchNode, _ watch: CInt) {
        node.watch = watch
        node.stamp = stamp
        if watch >= 0 { watches[watch, default: WatchTable.Watched()].nodes.append(node) }
        directories[node.origin, default: .init()].all += 1
        if watch < 0 { directories[node.origin, default: .init()].unwatched += 1 }
    }

    func find(_ origin: OriginID, _ path: RawName) -> WatchNode? {
        guard var node = roots[origin] else { return nil }
        for name in path.bytes.split(separator: 0x2F) {
            guard let child = node.children[RawName(bytes: Array(name))] else { return nil }
            node = child
        }
        return node
    }

    /// Takes a node and all below it out of the tree, and ends the watches that stand for nothing else.
    mutating func retire(_ top: WatchNode) {
        if top.isGone { return }
        if roots[top.origin] === top { roots[top.origin] = nil }
        top.detach()
        var waiting = [top]
        var retired: [WatchNode] = []
        while let node = waiting.popLast() {
            retired.append(node)
            waiting.append(contentsOf: node.children.values)
            node.children = [:]
            node.detach()
            directories[node.origin]?.all -= 1
            if node.watch < 0 { directories[node.origin]?.unwatched -= 1 }
            if node.watch >= 0 { release(node.watch) { $0.nodes.removeAll { $0 === node } } }
        }
        if linkCount > 0 { unlinkAll(in: retired) }
    }

    /// The watch of a node has gone by itself.
    mutating func loseWatch(_ node: WatchNode) {
        if node.isGone || node.watch < 0 { return }
        node.watch = -1
        directories[node.origin, default: .init()].unwatched += 1
    }

    private mutating func release(_ watch: CInt, _ change: (inout WatchTable.Watched) -> Void) {
        guard watches[watch] != nil else { return }
        change(&watches[watch]!)
        if watches[watch]!.isEmpty {
            watches[watch] = nil
            inotify?.remove(watch)
        }
    }

    mutating func add(_ step: WatchTable.Step, to directory: borrowing Descriptor, _ mask: InotifyMask) {
        guard let inotify, let watch = try? inotify.add(directory, mask) else { return }
        watches[watch, default: WatchTable.Watched()].steps.append(step)
        followed[step.follower, default: []].insert(watch)
    }

    /// Ends the steps of a follower, but for those of a round and later ones: two may follow at a time.
    mutating func unfollow(_ follower: WatchTable.Follower, keeping round: UInt64?) {
        for watch in followed[follower] ?? [] {
            var isKept = false
            release(watch) { watched in
                watched.steps.removeAll { $0.follower == follower && $0.round < round ?? .max }
                isKept = watched.steps.contains { $0.follower == follower }
            }
            if !isKept { followed[follower]!.remove(watch) }
        }
        if followed[follower]?.isEmpty == true { followed[follower] = nil }
    }
}
