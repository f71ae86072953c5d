internal import PassimCore
internal import PassimIndex
internal import PassimSystem

// Files with several names. Whatever is done through one of them moves the ctime that all of them have, and inotify tells
// of that one only; so the others are looked at too. Which they are the index knows.
extension Worker {
    /// Notes that other names of a file are to be looked at, if there are any.
    ///
    /// - Parameter status: of what has the name now, as `Identities` tells it; nil where that could not be told.
    func noteLinks(
        _ known: FileIdentity?, _ status: FileStatus?, _ what: Unsettled, _ decision: Decision,
        _ touched: inout Set<UInt64>
    ) {
        if decision == .keep || what.isByLink { return }
        if let status, status.kind == .regular, status.links > 1 { touched.insert(status.identity.inode) }
        // Another file has the name now, or none.
        if let known, known.inode != status?.identity.inode, mirror.links.contains(known) {
            touched.insert(known.inode)
        }
    }

    /// True if a file is still being written that was made without a name (O_TMPFILE of open(2)).
    func isUnnamed(_ status: FileStatus, _ name: RawName, _ node: Node) -> Bool {
        if mirror.look({ _ in node.origin.unnamed.isEmpty }) { return false }
        return mirror.change { state, now in
            state.isUnnamed(status.identity.inode, name, in: node, now: now)
        }
    }

    /// A name that the drop-in leaves out, of a file that may have others which it does not.
    ///
    /// - Parameter status: as `Identities` tells it; nil where it is gone.
    func noteOutside(_ name: RawName, _ status: FileStatus?, _ node: Node, _ touched: inout Set<UInt64>) {
        let inode = status.flatMap { $0.kind == .regular && $0.links > 1 ? $0.identity.inode : nil }
        let old = mirror.look { $0.setOutside(name, of: node, inode) }
        if let old, old != inode { touched.insert(old) }
    }

    /// Has the names of these files looked at.
    func touchLinks(_ inodes: Set<UInt64>, _ origin: Origin) {
        if inodes.isEmpty { return }
        mirror.change { state, now in
            for inode in inodes { state.touchLinks(inode, of: origin, .touched, .none, now) }
        }
    }

    /// Finds the names that these files had when they were hashed, and has them looked at.
    func links(_ turn: Turn, _ inodes: [UInt64: Origin.LinkChange]) {
        let entries = mirror.index.entries(ofInodes: Set(inodes.keys))
        let found = entries.compactMap { entry -> (RawName, OriginID, Origin.LinkChange)? in
            guard let path = mirror.index.path(of: entry), let change = inodes[entry.identity.inode] else {
                return nil
            }
            return (path, entry.origin, change)
        }
        mirror.change { state, now in
            for (path, origin, change) in found { state.touchLink(path, of: origin, change, now: now) }
        }
    }
}

/// Files with several names that have been met, and their digests, so that the next name is not read again. Past a bound
/// all are forgotten: then what is done to the other names shows when they are asked for, or in the next scan.
final class LinkedFiles: Sendable {
    private let known = Lock<[InodeID: (identity: FileIdentity, digest: Digest)]>([:])

    func contains(_ identity: FileIdentity) -> Bool {
        known.withLock { !$0.isEmpty && $0[InodeID(identity)] != nil }
    }

    func digest(of identity: FileIdentity) -> Digest? {
        known.withLock { known in
            known[InodeID(identity)].flatMap { $0.identity == identity ? $0.digest : nil }
        }
    }

    func note(_ identity: FileIdentity, _ digest: Digest) {
        known.withLock { known in
            if known.count >= Limits.linkedFiles { known = [:] }
            known[InodeID(identity)] = (identity, digest)
        }
    }
}
