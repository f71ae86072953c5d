internal import PassimCore
internal import PassimSystem

/// The path that something is found at, and which is followed: every directory on it is watched for the one name by which
/// it goes on.
enum Follower: Hashable {
    case origin(OriginID)
    /// The directory of the drop-ins: its content too.
    case dropIns
}

/// A directory on the way to a path.
struct Step {
    let follower: Follower
    /// nil: every name.
    let name: RawName?
    /// Which walk along the path it belongs to.
    let round: UInt64
}

/// The directories that each watch descriptor stands for. One may stand for several directories of the trees (drop-ins overlap, a
/// directory can be mounted in two places) and for steps beside them.
struct WatchMap {
    struct Watched {
        var nodes: [Node] = []
        var steps: [Step] = []

        var isEmpty: Bool { nodes.isEmpty && steps.isEmpty }
    }

    private var watched: [CInt: Watched] = [:]
    /// On which watches the steps of a follower are.
    private var followed: [Follower: Set<CInt>] = [:]

    var count: Int { watched.count }
    var isFollowing: Bool { !followed.isEmpty }

    subscript(watch: CInt) -> Watched? { watched[watch] }

    mutating func add(_ node: Node, _ watch: CInt) {
        watched[watch, default: Watched()].nodes.append(node)
    }

    mutating func add(_ step: Step, _ watch: CInt) {
        watched[watch, default: Watched()].steps.append(step)
        followed[step.follower, default: []].insert(watch)
    }

    /// The watch has gone by itself.
    mutating func end(_ watch: CInt) -> Watched? { watched.removeValue(forKey: watch) }

    /// - Returns: the watch, where it stands for nothing any more and is to be removed.
    mutating func remove(_ node: Node) -> CInt? {
        release(node.watch) { $0.nodes.removeAll { $0 === node } }
    }

    /// Ends the steps of a follower, but for those of a round and later ones: two may follow at a time.
    ///
    /// - Returns: the watches to remove.
    mutating func unfollow(_ follower: Follower, keeping round: UInt64?) -> [CInt] {
        var ended: [CInt] = []
        for watch in followed[follower] ?? [] {
            var isKept = false
            let isOver = release(watch) { watched in
                watched.steps.removeAll { $0.follower == follower && $0.round < round ?? .max }
                isKept = watched.steps.contains { $0.follower == follower }
            }
            if let isOver { ended.append(isOver) }
            if !isKept { followed[follower]!.remove(watch) }
        }
        if followed[follower]?.isEmpty == true { followed[follower] = nil }
        return ended
    }

    private mutating func release(_ watch: CInt, _ change: (inout Watched) -> Void) -> CInt? {
        guard watched[watch] != nil else { return nil }
        change(&watched[watch]!)
        guard watched[watch]!.isEmpty else { return nil }
        watched[watch] = nil
        return watch
    }
}
