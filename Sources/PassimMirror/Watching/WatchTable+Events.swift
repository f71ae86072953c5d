internal import PassimCore
internal import PassimSystem

extension WatchTable {
    /// Takes in one event.
    ///
    /// - Parameter now: monotonic nanoseconds.
    func take(_ event: InotifyEvent, now: UInt64) {
        state.withLock { $0.take(event, now) }
    }

    /// Files that somebody began to write so long ago that they count as complete: whoever changes a file by
    /// truncate(2) never closes it, and link(2) makes one that nobody opens.
    func expire(now: UInt64) {
        state.withLock { state in
            while let (node, name) = state.deadlines.pop(now: now) {
                guard let writing = node.writing[name] else { continue }
                if writing.deadline > now {
                    state.deadlines.insert((node, name), due: writing.deadline)
                } else {
                    node.writing[name] = nil
                    state.findings.note(node, name, .written)
                }
            }
            for (name, deadline) in state.unfinishedDropIns where deadline <= now {
                state.unfinishedDropIns[name] = nil
                state.findings.dropIns = true
            }
        }
    }

    /// When `expire` has something to do, in monotonic nanoseconds.
    var nextDeadline: UInt64? {
        state.withLock { state in
            [state.deadlines.nextDue, state.unfinishedDropIns.values.min()].compactMap { $0 }.min()
        }
    }

    /// Drop-ins that somebody has begun to write and not closed.
    var unfinishedDropIns: Set<RawName> { state.withLock { Set($0.unfinishedDropIns.keys) } }

    /// What has been found since this was asked last: names with the paths of their directories as of now.
    func takeFindings() -> (findings: WatchFindings, notes: [Note]) {
        state.withLock { state in
            let findings = state.findings
            if findings.isEmpty { return (findings, []) }
            state.findings = WatchFindings()
            let notes = findings.directories.values.filter { !$0.node.isGone }.map { directory in
                Note(origin: directory.node.origin, path: directory.node.path, names: directory.names)
            }
            return (findings, notes)
        }
    }

    struct Note {
        let origin: OriginID
        let path: RawName
        let names: [RawName: NoteTable.Marks]
    }
}

extension WatchTable.State {
    fileprivate mutating func take(_ event: InotifyEvent, _ now: UInt64) {
        if event.mask.contains(.overflow) { return lose() }
        guard let watched = watches[event.watch] else { return }
        if event.mask.contains(.ignored) { return end(event.watch, watched) }
        for step in watched.steps { take(event, step, now) }
        for node in watched.nodes {
            node.events &+= 1
            if let name = event.name {
                take(event.mask, name, in: node, now)
            } else if node.parent == nil,
                !event.mask.isDisjoint(with: [.deletedSelf, .movedSelf, .attributesChanged, .unmounted])
            {
                // Of the others the directory above tells.
                findings.followers.insert(.origin(node.origin))
            }
        }
    }

    private mutating func take(
        _ mask: InotifyMask, _ name: RawName, in node: WatchNode, _ now: UInt64
    ) {
        if mask.contains(.isDirectory) {
            // One that was away and is back is the one that is known; a walk may have missed it meanwhile.
            return findings.note(node, name, mask.contains(.movedTo) ? .thorough : [])
        }
        if !mask.isDisjoint(with: [.closedAfterWriting, .movedTo, .movedFrom, .deleted]) {
            node.writing[name] = nil
            let isWritten = !mask.isDisjoint(with: [.closedAfterWriting, .movedTo])
            return findings.note(node, name, isWritten ? .written : [])
        }
        if mask.contains(.modified) || mask.contains(.created) {
            return write(name, in: node, isModified: mask.contains(.modified), until: now + Limits.silence)
        }
        findings.note(node, name)
    }

    /// Somebody writes the file. It is looked at once, to forget what it was; then not before it is complete.
    private mutating func write(
        _ name: RawName, in node: WatchNode, isModified: Bool, until deadline: UInt64
    ) {
        let writing = WatchNode.Writing(deadline: deadline, isModified: isModified)
        if node.writing.updateValue(writing, forKey: name) == nil {
            findings.note(node, name, isModified ? .written : [])
            deadlines.insert((node, name), due: deadline)
        }
    }

    private mutating func take(_ event: InotifyEvent, _ step: WatchTable.Step, _ now: UInt64) {
        guard let name = step.name else {
            if let name = event.name { takeDropIn(event.mask, name, now) }
            return
        }
        if event.name == name, !event.mask.isDisjoint(with: WatchTable.stepMask) {
            findings.followers.insert(step.follower)
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

    /// The kernel has dropped a watch: its directory was deleted or unmounted.
    private mutating func end(_ watch: CInt, _ watched: WatchTable.Watched) {
        watches[watch] = nil
        for step in watched.steps { findings.followers.insert(step.follower) }
        for node in watched.nodes {
            node.events &+= 1
            loseWatch(node)
            findings.note(node)
        }
    }

    /// Events were lost; also those that would have ended the writing of a file.
    private mutating func lose() {
        findings.overflow = true
        losses &+= 1
        while let (node, name) = deadlines.pop(now: .max) { node.writing[name] = nil }
        unfinishedDropIns = [:]
    }
}
