// The way to a configured path, which may not be there yet, or lead elsewhere tomorrow: every directory on it
// is watched for the one name by which it goes on, symlinks included.

internal import PassimCore
internal import PassimSystem

extension WatchTable {
    /// Watches every step to a path, in place of those watched for the same follower before.
    ///
    /// Each directory is watched before its name is looked up, so whatever changes afterwards is told. What
    /// cannot be read or watched is passed over in silence: then mounts and rescans must tell.
    ///
    /// - Parameter content: watch what comes and goes in the directory at the end of the path, too.
    /// - Returns: the directory at the end of the path.
    @discardableResult
    func follow(
        _ path: String, _ follower: Follower, by walk: PathWalk, content: Bool = false
    ) throws(PathWalk.Failure) -> Descriptor {
        let round = state.withLock { state in
            state.round += 1
            return state.round
        }
        defer { state.withLock { $0.unfollow(follower, keeping: round) } }
        let end = try walk.run(path) { directory, name in
            add(Step(follower: follower, name: name, round: round), to: directory)
        }
        if content { add(Step(follower: follower, name: nil, round: round), to: end) }
        return end
    }

    private func add(_ step: Step, to directory: borrowing Descriptor) {
        var mask = WatchTable.stepMask
        if step.name == nil { mask.formUnion([.closedAfterWriting, .modified]) }
        state.withLock { $0.add(step, to: directory, mask) }
    }
}
