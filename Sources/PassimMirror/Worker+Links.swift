internal import PassimCore
internal import PassimIndex
internal import PassimSystem

/// Files with several names: see WatchTable+Links.
extension Worker {
    /// Notes whether the file of a name has other names.
    ///
    /// - Parameter status: nil where it is gone.
    func noteLink(_ name: RawName, _ status: FileStatus?, _ node: DirectoryNode) {
        guard let table = mirror.watches, let watch = node.watch else { return }
        let links = status?.links ?? 0
        let inode = status.flatMap { links > 1 ? RootIdentity($0.identity) : nil }
        // A walk over everything comes by the other names itself.
        let isToldOf = !node.walk.isWhole
        let known = table.link(name, in: watch, to: inode, isToldOf: isToldOf)
        // A name that was the only one is in the index only.
        if isToldOf, let inode, let known, known < links {
            mirror.findNames(of: inode, for: node.walk.origin)
        }
    }

    /// Something has changed the attributes of a file, at least.
    func touchLinks(_ name: RawName, _ node: DirectoryNode) {
        if let table = mirror.watches, let watch = node.watch { table.touchLinks(name, in: watch) }
    }

    /// Has names looked at that these files had when they were hashed.
    func findNames(_ origin: Origin) {
        let inodes = mirror.takeUnfoundNames(of: origin)
        for entry in mirror.index.entries(ofInodes: Set(inodes.map(\.inode))) {
            let inode = RootIdentity(entry.identity)
            guard inodes.contains(inode), let path = mirror.index.path(of: entry) else { continue }
            mirror.note([path.basename: []], in: path.parent, of: entry.origin)
        }
    }
}
