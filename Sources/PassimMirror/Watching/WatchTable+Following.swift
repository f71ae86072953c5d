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
    func follow(_ path: String, _ follower: Follower, content: Bool = false) {
        let round = state.withLock { state in
            state.round += 1
            return state.round
        }
        let end = walkTo(path, follower, round)
        if content, let end { add(Step(follower: follower, name: nil, round: round), to: end) }
        state.withLock { $0.unfollow(follower, keeping: round) }
    }

    /// path_resolution(7), a step at a time.
    private func walkTo(_ path: String, _ follower: Follower, _ round: UInt32) -> Descriptor? {
        var rest = Array(RawName(path).components.reversed())
        var links = 0
        guard var here = try? Descriptor.open("/", [.path, .directory]) else { return nil }
        while let name = rest.popLast() {
            add(Step(follower: follower, name: name, round: round), to: here)
            guard let status = try? here.status(of: name) else { return nil }
            if status.kind == .symbolicLink {
                links += 1
                // As many as the kernel follows.
                guard links <= 40, let target = try? here.readLink(name) else { return nil }
                if target.bytes.first == 0x2F {
                    guard let root = try? Descriptor.open("/", [.path, .directory]) else { return nil }
                    here = root
                }
                rest.append(contentsOf: target.components.reversed())
            } else {
                guard let next = try? here.open(name, [.path, .directory, .noFollow]) else { return nil }
                here = next
            }
        }
        return here
    }

    private func add(_ step: Step, to directory: borrowing Descriptor) {
        var mask = WatchTable.stepMask
        if step.name == nil { mask.formUnion([.closedAfterWriting, .modified]) }
        state.withLock { $0.add(step, to: directory, mask) }
    }
}

extension RawName {
    /// The components of a path, without those that say nothing.
    fileprivate var components: [RawName] {
        bytes.split(separator: 0x2F).map { RawName(bytes: Array($0)) }.filter { $0 != RawName(".") }
    }
}
