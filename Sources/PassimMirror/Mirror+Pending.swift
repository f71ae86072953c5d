internal import PassimConfig
package import PassimCore

extension Mirror {
    /// True if it is still to be found out what a path below an origin is: its file waits to be hashed, or is being
    /// written, or its directory has not been listed to its end. A path that the drop-in leaves out is never pending.
    ///
    /// While files that a visit has found wait for their turn, a name of their directory that nothing is known of counts
    /// as one of them: which names those are is not kept.
    ///
    /// A path of more than 32 names is not pending: globs are compared with each directory above it, and who asks may be
    /// anybody.
    package func isPending(origin id: OriginID, path: RawName) -> Bool {
        let names = path.bytes.split(separator: 0x2F, maxSplits: 32).map { RawName(bytes: Array($0)) }
        guard names.count <= 32 else { return false }
        let dropIn = look { state -> DropIn? in
            guard let origin = state.origins.first(where: { $0.id == id }),
                origin.isPending(names[...], lost: state.lost)
            else {
                return nil
            }
            return origin.dropIn
        }
        return dropIn?.accepts(path) ?? false
    }
}

extension Origin {
    /// - Parameter names: those of a path, from the root on.
    /// - Parameter lost: the generation in which events were lost last.
    fileprivate func isPending(_ names: ArraySlice<RawName>, lost: UInt64) -> Bool {
        if isRemoved { return false }
        // Before it was looked for there is no saying, and of a disk that is away nothing is known.
        guard var node = root else { return isThere || isRootDue || isRootBusy }
        var names = names
        while names.count > 1, let child = node.children[names.first!] {
            node = child
            names.removeFirst()
        }
        return names.first.map { node.isPending($0, lost: lost) } ?? false
    }
}

extension Node {
    fileprivate func isPending(_ name: RawName, lost: UInt64) -> Bool {
        switch work {
        case .none: if whole != .none, !isKnown(lost: lost) { return true }
        case .look(let names):
            if names.contains(name) || whole != .none && !isKnown(lost: lost) { return true }
        case .visit: if !isKnown(lost: lost) { return true }
        }
        if !isEntered { return !isUnreadable }
        guard let what = names[name] else { return waitingFiles > 0 }
        if what.isDirty || what.isWanted || what.phase != .idle || what.writing != .none { return true }
        // The disk failed, and it is tried again; else it may not be read.
        return what.isUnreadable && what.due != .max
    }
}
