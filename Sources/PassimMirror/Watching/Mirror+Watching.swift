// Watches, and the way to a path that is followed.

internal import PassimCore
internal import PassimSystem

extension Mirror {
    /// Watches a directory of a tree.
    ///
    /// The call may wait for a file system, so no lock is held over it. Between it and the moment when the watch is
    /// entered in the state, the watch may end and its last event be lost: whoever enters it asks once more, and the
    /// same number says that it has been there all the time.
    ///
    /// - Returns: -1 where it cannot be watched.
    func watch(_ directory: borrowing Descriptor, _ mask: InotifyMask = Inotify.treeMask) -> CInt {
        guard let watches else { return -1 }
        do throws(SystemError) {
            return try watches.add(directory, mask)
        } catch {
            let code = error.code
            look { $0.lastWatchFailure = code }
            return -1
        }
    }

    /// Follows a path, and watches every step to it in place of those watched for the same follower before.
    ///
    /// Each directory is watched before its name is looked up, so whatever changes afterwards is told. What
    /// cannot be watched is passed over in silence: then mounts and rescans must tell.
    ///
    /// - Parameter content: watch what comes and goes in the directory at the end of the path, too.
    /// - Parameter onStep: called before each.
    /// - Returns: the directory at the end, as a place.
    @discardableResult
    func follow(
        _ path: String, _ follower: Follower, by walk: PathWalk, content: Bool = false,
        onStep: () -> Void = {}
    ) throws(PathWalk.Failure) -> Descriptor {
        guard watches != nil else { return try walk.run(path) }
        let round = change { state, _ in state.advance() }
        defer { unwatch(change { state, _ in state.watches.unfollow(follower, keeping: round) }) }
        let end = try walk.run(path) { directory, name in
            onStep()
            add(Step(follower: follower, name: name, round: round), to: directory)
        }
        if content { add(Step(follower: follower, name: nil, round: round), to: end) }
        return end
    }

    private func add(_ step: Step, to directory: borrowing Descriptor) {
        var mask = Inotify.stepMask
        if step.name == nil { mask.formUnion([.closedAfterWriting, .modified]) }
        for _ in 0..<Mirror.watchTries {
            let watch = watch(directory, mask)
            if watch < 0 { return }
            change { state, _ in state.watches.add(step, watch) }
            if self.watch(directory, mask) == watch { return }
        }
    }

    /// A directory that comes and goes while it is being watched.
    static let watchTries = 4
}
