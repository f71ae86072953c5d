internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimSystem

extension Worker {
    /// True if a directory below a shared one is the daemon's own, of which nothing is shared. Told once.
    func isPrivate(
        _ directory: borrowing Descriptor, _ path: RawName, of origin: Origin
    ) throws(SystemError) -> Bool {
        let identity = try directory.status().identity
        guard mirror.privates.contains(identity) else { return false }
        if mirror.privatesTold.withLock({ $0.insert(InodeID(identity)).inserted }) {
            let shared = mirror.look { _ in origin.dropIn.path }
            mirror.logger.notice(
                "A directory of passimd itself is left out",
                metadata: ["path": "\(RawName(shared).appending(path))"])
        }
        return true
    }
}
