// The names of files that have several (hard links). Whatever is done through one of them moves the ctime that
// all of them have, and inotify tells of that one only; so the others are looked at too.
//
// What is done through a name that is not watched, or gone before anybody looks at it, is not seen: the entries of
// the others are not true any more, and nothing is sent of them, until they are asked for or walked.

internal import PassimCore
internal import PassimSystem

extension WatchTable {
    /// A name of a file that has others.
    struct Link {
        let node: WatchNode
        let name: RawName
    }

    /// Notes which file a name leads to.
    ///
    /// - Parameter inode: nil where it is none that has other names.
    /// - Parameter isToldOf: where that is news, those other names are to be looked at: linking and unlinking
    ///   move ctime. Not where all of them are on the way to be looked at.
    /// - Returns: where it is news, how many names of the file are known.
    func link(_ name: RawName, in node: WatchNode, to inode: RootIdentity?, isToldOf: Bool) -> Int? {
        tellingOfLinks { state in state.link(Link(node: node, name: name), to: inode, isToldOf) }
    }

    /// Something was done through this name.
    func touchLinks(_ name: RawName, in node: WatchNode) {
        tellingOfLinks { state in
            guard let inode = node.links[name] else { return }
            state.tell(of: inode, but: Link(node: node, name: name))
        }
    }

    /// Changes the state; wakes whoever hands on what was found, if links were.
    func tellingOfLinks<Result>(_ body: (inout State) -> Result) -> Result {
        let (result, isTold) = state.withLock { state in
            let result = body(&state)
            defer { state.isToldOfLinks = false }
            return (result, state.isToldOfLinks)
        }
        if isTold { wake() }
        return result
    }
}

extension WatchTable.State {
    fileprivate mutating func link(
        _ link: WatchTable.Link, to inode: RootIdentity?, _ isToldOf: Bool
    ) -> Int? {
        let old = link.node.links[link.name]
        if old == inode || link.node.isGone { return nil }
        if let old {
            unlink(link, old)
            if isToldOf { tell(of: old, but: link) }
        }
        guard let inode, linkCount < Limits.links else { return nil }
        linkCount += 1
        link.node.links[link.name] = inode
        links[inode, default: []].append(link)
        if isToldOf { tell(of: inode, but: link) }
        return links[inode]!.count
    }

    private mutating func unlink(_ link: WatchTable.Link, _ inode: RootIdentity) {
        link.node.links[link.name] = nil
        linkCount -= 1
        links[inode]?.removeAll { $0.node === link.node && $0.name == link.name }
        if links[inode]?.isEmpty == true { links[inode] = nil }
    }

    /// These directories are gone, and the names in them.
    mutating func unlinkAll(in nodes: [WatchNode]) {
        var inodes: Set<RootIdentity> = []
        for node in nodes where !node.links.isEmpty {
            for (name, inode) in node.links {
                unlink(WatchTable.Link(node: node, name: name), inode)
                inodes.insert(inode)
            }
        }
        for inode in inodes { tell(of: inode, but: nil) }
    }

    fileprivate mutating func tell(of inode: RootIdentity, but link: WatchTable.Link?) {
        for other in links[inode] ?? [] where other.node !== link?.node || other.name != link?.name {
            findings.note(other.node, other.name)
            isToldOfLinks = true
        }
    }
}
