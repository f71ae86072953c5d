// Events tell of which name something happened to, and how much that says against what is known. A look finds out the rest.

internal import PassimCore
internal import PassimSystem

extension MirrorState {
    /// Takes in one event of inotify(7).
    ///
    /// - Parameter now: monotonic nanoseconds.
    mutating func take(_ event: InotifyEvent, now: UInt64) {
        if event.mask.contains(.overflow) { return lose(now) }
        if event.mask.contains(.ignored) { return end(event.watch, now) }
        guard let watched = watches[event.watch] else { return }
        for step in watched.steps { take(event, step, now) }
        for node in watched.nodes {
            node.changed = advance()
            if let name = event.name {
                take(event.mask, name, in: node, now)
            } else if node.parent == nil,
                !event.mask.isDisjoint(with: [.deletedSelf, .movedSelf, .attributesChanged, .unmounted])
            {
                // The directory above tells of the others.
                requestRoot(node.origin)
            }
        }
    }

    private mutating func take(_ mask: InotifyMask, _ name: RawName, in node: Node, _ now: UInt64) {
        let due = now + Limits.gatheringTime
        if mask.contains(.isDirectory) {
            // One that was away and is back is the one that is known; a visit may have missed it meanwhile.
            return mark(node, name, isDeep: mask.contains(.movedTo), due: due, now: now)
        }
        if let inode = InotifyEvent.inode(inName: name) { take(mask, ofInode: inode, node.origin, now) }
        if !mask.isDisjoint(with: [.closedAfterWriting, .movedTo, .movedFrom, .deleted]) {
            let suspicion: Suspicion =
                mask.contains(.closedAfterWriting) ? .written : mask.contains(.movedTo) ? .moved : .none
            mark(node, name, suspicion, due: due, now: now)
            node.names[name]?.writing = .none
        } else if mask.contains(.modified) || mask.contains(.created) {
            write(name, in: node, mask.contains(.modified) ? .modified : .created, now)
        } else {
            mark(node, name, .touched, due: due, now: now)
        }
    }

    /// Somebody writes the file. It is looked at once, to forget what it was; then not before it is complete.
    private mutating func write(_ name: RawName, in node: Node, _ writing: Writing, _ now: UInt64) {
        let until = now + Limits.silence
        if let what = node.names[name], what.writing != .none {
            node.names[name]!.silence = until
            if writing == .modified, what.writing == .created {
                node.names[name]!.writing = .modified
            }
            return
        }
        mark(
            node, name, writing == .modified ? .written : .none, due: now + Limits.gatheringTime, now: now)
        // None where there was no room for it.
        node.names[name]?.writing = writing
        node.names[name]?.silence = until
        if node.names[name] != nil { arm(node, at: until) }
    }

    /// A file that was made without a name (O_TMPFILE of open(2)) goes on under the one that the kernel gave it.
    private mutating func take(_ mask: InotifyMask, ofInode inode: UInt64, _ origin: Origin, _ now: UInt64) {
        if mask.contains(.modified) {
            if origin.unnamed[inode] == nil {
                if origin.unnamed.count >= Limits.unnamedFiles { origin.unnamed = [:] }
                touchLinks(inode, of: origin, .written, .modified, now)
            }
            origin.unnamed[inode, default: Origin.UnnamedFile()].until = now + Limits.silence
        } else if mask.contains(.closedAfterWriting) {
            for (node, name) in origin.unnamed.removeValue(forKey: inode)?.names ?? [] {
                node.names[name]?.writing = .none
                mark(node, name, .written, due: now + Limits.gatheringTime, now: now)
            }
            touchLinks(inode, of: origin, .written, .none, now)
        } else if mask.contains(.attributesChanged) {
            touchLinks(inode, of: origin, .touched, .none, now)
        }
    }

    /// True if a file is being written that was made without a name; then its name waits for the end of that.
    mutating func isUnnamed(_ inode: UInt64, _ name: RawName, in node: Node, now: UInt64) -> Bool {
        guard let file = node.origin.unnamed[inode] else { return false }
        guard file.until > now else {
            node.origin.unnamed[inode] = nil
            return false
        }
        guard admit(name, in: node, now) else { return true }
        if !file.names.contains(where: { $0.node === node && $0.name == name }) {
            node.origin.unnamed[inode]!.names.append((node, name))
        }
        node.names[name]!.writing = .modified
        node.names[name]!.silence = file.until
        arm(node, at: file.until)
        return true
    }

    // MARK: - Other names

    /// Has the names of an inode looked at, soon.
    mutating func touchLinks(
        _ inode: UInt64, of origin: Origin, _ suspicion: Suspicion, _ writing: Writing, _ now: UInt64
    ) {
        if origin.isRemoved { return }
        if origin.linked.isEmpty { armLinks(origin, now) }
        var change = origin.linked[inode] ?? Origin.LinkChange(suspicion: .none, writing: .none)
        change.suspicion = max(change.suspicion, suspicion)
        change.writing = writing
        origin.linked[inode] = change
    }

    /// One of the names of a file to which something was done under another name.
    mutating func touchLink(_ path: RawName, of id: OriginID, _ change: Origin.LinkChange, now: UInt64) {
        guard let origin = origins.first(where: { $0.id == id }) else { return }
        mark(path, of: origin, change.suspicion, isDeep: false, isByLink: true, due: now, now: now)
        guard change.writing == .modified, let node = find(origin, path.parent) else { return }
        node.names[path.basename]?.writing = .modified
        node.names[path.basename]?.silence = now + Limits.silence
        arm(node, at: now + Limits.silence)
    }

    /// The directory of a path; nil where it has not been listed.
    func find(_ origin: Origin, _ path: RawName) -> Node? {
        guard var node = origin.root else { return nil }
        for name in path.bytes.split(separator: 0x2F) {
            guard let child = node.children[RawName(bytes: Array(name))] else { return nil }
            node = child
        }
        return node
    }

    // MARK: - The way to a path

    private mutating func take(_ event: InotifyEvent, _ step: Step, _ now: UInt64) {
        guard let name = step.name else {
            if let name = event.name { takeDropIn(event.mask, name, now) }
            return
        }
        if event.name == name, !event.mask.isDisjoint(with: Inotify.stepMask) {
            follow(step.follower)
        }
    }

    private mutating func follow(_ follower: Follower) {
        switch follower {
        case .origin(let id):
            if let origin = origins.first(where: { $0.id == id }) { requestRoot(origin) }
        case .dropIns: findings.followers.insert(follower)
        }
    }

    /// A drop-in. One that somebody writes is not read before it is closed: half a path is a path, too.
    private mutating func takeDropIn(_ mask: InotifyMask, _ name: RawName, _ now: UInt64) {
        if mask.contains(.modified) {
            unfinishedDropIns[name] = now + Limits.silence
        } else if mask.contains(.created) {
            // Perhaps a link, which is all there at once.
            if unfinishedDropIns[name] == nil { unfinishedDropIns[name] = now + Limits.dropInBegun }
        } else if !mask.contains(.attributesChanged) || unfinishedDropIns[name] == nil {
            unfinishedDropIns[name] = nil
            findings.dropIns = true
        }
    }

    /// Drop-ins that somebody began to write so long ago that they count as complete.
    mutating func expireDropIns(now: UInt64) {
        for (name, deadline) in unfinishedDropIns where deadline <= now {
            unfinishedDropIns[name] = nil
            findings.dropIns = true
        }
    }

    // MARK: - Ends

    /// The kernel has dropped a watch: its directory was deleted or unmounted.
    private mutating func end(_ watch: CInt, _ now: UInt64) {
        guard let watched = watches.end(watch) else { return }
        for step in watched.steps { follow(step.follower) }
        for node in watched.nodes where !node.isGone {
            node.changed = advance()
            node.watch = -1
            node.provenSince = 0
            node.origin.unwatched += 1
            markSelf(node, now: now)
        }
    }

    /// Events were lost; also those that would have ended the writing of a file.
    private mutating func lose(_ now: UInt64) {
        findings.overflow = true
        noteLoss()
        unfinishedDropIns = [:]
        for origin in origins {
            guard let root = origin.root else { continue }
            var waiting = [root]
            while let node = waiting.popLast() {
                waiting.append(contentsOf: node.children.values)
                for (name, what) in node.names where what.writing != .none {
                    node.names[name]!.writing = .none
                    mark(node, name, .written, due: now + Limits.overflowDelay, now: now)
                }
            }
            scheduleScan(origin, after: Limits.overflowDelay, keepsEarlier: true, now: now)
        }
    }
}

extension Inotify {
    /// Nothing here is about reading: whoever downloads does not wake the watcher.
    static let treeMask: InotifyMask = [
        .modified, .attributesChanged, .closedAfterWriting, .movedFrom, .movedTo, .created, .deleted,
        .deletedSelf, .movedSelf, .onlyDirectories,
    ]
    /// Added to what the same directory may be watched for as part of a tree.
    static let stepMask: InotifyMask = [
        .attributesChanged, .movedFrom, .movedTo, .created, .deleted, .deletedSelf, .movedSelf,
        .onlyDirectories, .more,
    ]
}
