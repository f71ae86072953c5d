// Names that are not settled: how they come, how they wait, and how they are settled.

internal import PassimCore

/// The result of a look at a name, or of the reading of its file.
enum Outcome {
    case settled
    /// Being written.
    case leave
    /// Too young, or restless: nanoseconds to wait, and the file's size in bytes.
    case wait(UInt64, size: UInt64)
    /// A hash job has it now.
    case hashing
    /// A hash job had it already.
    case left
    /// It changed while it was read. Its size in bytes.
    case changed(size: UInt64)
    case retry(Decision.Obstacle, size: UInt64, reason: String)
    /// Why it cannot be shared.
    case unreadable(String)
    /// To be looked at once more, as suspicious as before.
    case again(Suspicion)
}

extension MirrorState {
    /// Has a name looked at.
    ///
    /// - Parameter isDeep: a directory is visited with all below it even where it is the one that is known.
    /// - Parameter due: monotonic nanoseconds; more may come until then to be looked at in one go.
    mutating func mark(
        _ node: Node, _ name: RawName, _ suspicion: Suspicion = .none, isDeep: Bool = false,
        isByLink: Bool = false, due: UInt64, now: UInt64
    ) {
        guard admit(name, in: node, now) else { return }
        let isOtherwise = node.names[name]!.isDirty && !node.names[name]!.isByLink
        node.names[name]!.isByLink = isByLink && !isOtherwise
        node.names[name]!.mark(suspicion, isDeep: isDeep)
        if !node.names[name]!.isDirty {
            node.names[name]!.isDirty = true
            if node.dirty.isEmpty { node.lookDue = due }
            node.dirty.append(name)
        }
        node.lookDue = min(node.lookDue, due)
        queue(node, now)
    }

    /// Has a path looked at, from where the tree ends on that leads there.
    mutating func mark(
        _ path: RawName, of origin: Origin, _ suspicion: Suspicion, isDeep: Bool, isByLink: Bool = false,
        due: UInt64, now: UInt64
    ) {
        guard var node = origin.root else { return }
        var components = path.bytes.split(separator: 0x2F).map { RawName(bytes: Array($0)) }[...]
        while components.count > 1, let child = node.children[components.first!] {
            node = child
            components.removeFirst()
        }
        guard let name = components.first else { return }
        mark(
            node, name, suspicion, isDeep: isDeep || components.count > 1, isByLink: isByLink, due: due,
            now: now)
    }

    /// A directory itself is to be looked at, by its name in the one above.
    mutating func markSelf(_ node: Node, now: UInt64) {
        if let parent = node.parent {
            mark(parent, node.name, isDeep: true, due: now + Limits.gatheringTime, now: now)
        } else {
            requestRoot(node.origin)
        }
    }

    /// Makes room for a name.
    ///
    /// - Returns: false where there is none: then all names of its directory will be looked at.
    mutating func admit(_ name: RawName, in node: Node, _ now: UInt64) -> Bool {
        if node.isGone || node.origin.isRemoved || name.isEmpty { return false }
        // No directory has these names; followed they lead out of it.
        if name.bytes == [0x2E] || name.bytes == [0x2E, 0x2E] { return false }
        if node.names[name] != nil { return true }
        nameBytes += Unsettled.cost + name.bytes.count
        guard nameBytes <= Limits.waitingNameBytes else {
            nameBytes -= Unsettled.cost + name.bytes.count
            forgetNames(of: node, now)
            return false
        }
        node.names[name] = Unsettled()
        return true
    }

    /// Too many names wait: those of this directory are forgotten, and all that it has are looked at instead.
    private mutating func forgetNames(of node: Node, _ now: UInt64) {
        var since = wall()
        since.seconds -= Limits.forgottenEvents
        node.writtenSince = min(node.writtenSince ?? since, since)
        requestVisit(
            node, .shallow, due: now + Limits.afterForgetting,
            scan: node.names.values.contains { $0.isCounted } ? node.origin.scan : nil, now: now)
        dropNames(of: node)
    }

    /// Forgets what waits in a directory, without a look.
    mutating func dropNames(of node: Node) {
        for (name, what) in node.names { remove(name, what, of: node) }
        node.names = [:]
        node.dirty = []
    }

    /// Accounts for a name that is taken out.
    private mutating func remove(_ name: RawName, _ what: Unsettled, of node: Node) {
        nameBytes -= Unsettled.cost + name.bytes.count
        var what = what
        clearPending(&what, node.origin)
        clearUnreadable(&what, node.origin)
        release(&what, node.origin)
        if what.rewrites >= Limits.restlessAfter { node.origin.restless -= 1 }
    }

    /// Has names looked at that are due by themselves in a directory.
    mutating func expire(_ node: Node, _ now: UInt64) {
        var next = UInt64.max
        for (name, what) in node.names {
            var what = what
            if what.writing != .none, what.silence <= now {
                // Whoever changes a file by truncate(2) never closes it, and link(2) makes one that nobody opens.
                what.writing = .none
                what.suspicion = .written
            } else if what.due <= now {
                what.due = .max
                if what.phase == .idle, !what.isUnreadable, what.suspicion == .none, !what.isDirty {
                    // It has been at rest since it was read.
                    if what.rewrites >= Limits.restlessAfter { node.origin.restless -= 1 }
                    (what.readAt, what.rewrites) = (0, 0)
                    node.names[name] = what
                    removeIfSettled(name, in: node)
                    continue
                }
            } else {
                next = min(next, what.due, what.writing == .none ? .max : what.silence)
                continue
            }
            if !what.isDirty {
                what.isDirty = true
                node.dirty.append(name)
                node.lookDue = now
            }
            node.names[name] = what
        }
        if next != .max { arm(node, at: max(next, now + Limits.deadlineGrain)) }
    }

    private mutating func removeIfSettled(_ name: RawName, in node: Node) {
        guard let what = node.names[name], what.isSettled else { return }
        node.names[name] = nil
        remove(name, what, of: node)
    }

    // MARK: - Settling

    /// - Parameter scan: waits for what comes of the name, if it has to wait for the first time.
    /// - Parameter isMet: by a visit, which counts what cannot be read by itself: no entry is made for that.
    /// - Returns: false for something unreadable of which no entry was made.
    @discardableResult
    mutating func settle(
        _ name: RawName, in node: Node, _ outcome: Outcome, scan: Scan?, isMet: Bool = false, now: UInt64
    ) -> Bool {
        if node.isGone { return true }
        let origin = node.origin
        let isNew = node.names[name] == nil
        switch outcome {
        case .settled, .leave, .hashing, .left: if isNew { return true }
        case .unreadable: if isNew, isMet { return false }
        case .wait, .changed, .retry, .again: break
        }
        guard admit(name, in: node, now) else { return true }
        if case .left = outcome {
            // A visit that has ended meanwhile may have found something old.
            if node.names[name]!.phase == .hashing {
                node.names[name]!.isWanted = true
            } else {
                mark(node, name, due: now + Limits.gatheringTime, now: now)
            }
            return true
        }
        var what = node.names[name]!
        clearPending(&what, origin)
        clearUnreadable(&what, origin)
        what.due = .max
        what.phase = .idle
        var isReleased = true
        switch outcome {
        case .settled:
            what.tries = 0
            what.noteAnswer()
            if what.writing == .created { what.writing = .none }
            if what.readAt > 0 { what.due = what.rest(from: what.readAt) }
        case .leave:
            what.noteAnswer()
            // Told by the event that ends it, or when nobody has written for long.
            if what.writing != .none { arm(node, at: what.silence) }
        case .hashing, .left:
            what.phase = .hashing
            isReleased = false
        case .wait(let delay, let size):
            what.noteAnswer()
            what.tries = min(what.tries + 1, 100)
            // A file that is written all the time is looked at ever more seldom.
            wait(&what, what.tries == 1 ? delay : max(delay, backOff(what.tries)), size, origin, now)
            isReleased = what.tries > 1
        case .changed(let size):
            what.noteAnswer()
            what.tries += 1
            if what.tries < Limits.hashTries {
                wait(&what, backOff(what.tries), size, origin, now)
            } else {
                what.tries = 0
                what.due = now + Limits.afterFault
                setUnreadable(&what, origin, node, name, "changes while it is read", now)
            }
            isReleased = what.tries != 1
        case .retry(let obstacle, let size, let reason):
            let again = what.noteFault(now: now, delay: obstacle == .fault ? afterFault : backOff)
            switch obstacle {
            case .shortage: isReleased = what.faults >= Limits.shortageTries
            case .busy: isReleased = what.faults >= Limits.busyTries
            case .fault: isReleased = true
            }
            if obstacle == .fault {
                what.due = again
            } else {
                wait(&what, again - now, size, origin, now)
            }
            if isReleased { setUnreadable(&what, origin, node, name, reason, now) }
        case .unreadable(let reason):
            what.tries = 0
            what.noteAnswer()
            setUnreadable(&what, origin, node, name, reason, now)
        case .again(let suspicion):
            what.suspicion = max(what.suspicion, suspicion)
            wait(&what, Limits.gatheringTime, what.size, origin, now)
            isReleased = false
        }
        if isReleased {
            release(&what, origin)
        } else if !what.isCounted, let scan, scan === origin.scan {
            what.isCounted = true
            scan.open += 1
        }
        if what.due != .max { arm(node, at: what.due) }
        node.names[name] = what
        removeIfSettled(name, in: node)
        return true
    }

    private func wait(
        _ what: inout Unsettled, _ delay: UInt64, _ size: UInt64, _ origin: Origin, _ now: UInt64
    ) {
        what.phase = .waiting
        what.due = now + delay
        what.size = size
        origin.progress.addPending(size: size)
    }

    /// A name that waited is hashed now.
    func clearWaiting(_ name: RawName, in node: Node) {
        clearPending(&node.names[name]!, node.origin)
        node.names[name]!.due = .max
    }

    private func clearPending(_ what: inout Unsettled, _ origin: Origin) {
        guard what.phase == .waiting else { return }
        what.phase = .idle
        origin.progress.endPending(size: what.size)
    }

    private func clearUnreadable(_ what: inout Unsettled, _ origin: Origin) {
        guard what.isUnreadable else { return }
        what.isUnreadable = false
        origin.unreadable.count -= 1
    }

    private mutating func setUnreadable(
        _ what: inout Unsettled, _ origin: Origin, _ node: Node, _ name: RawName, _ reason: String,
        _ now: UInt64
    ) {
        what.isUnreadable = true
        countUnreadable(1, of: origin, first: "\(node.path.appending(name)): \(reason)", now: now)
    }

    /// Something more, or less, cannot be read.
    mutating func countUnreadable(_ count: Int, of origin: Origin, first: String?, now: UInt64) {
        let before = origin.unreadable.count
        origin.unreadable.count += count
        guard count > 0, let first else { return }
        if before == 0 { origin.unreadable.first = first }
        // A scan tells at its end.
        if origin.scan == nil { armReport(origin, now) }
    }

    /// No scan waits for the name any more.
    private mutating func release(_ what: inout Unsettled, _ origin: Origin) {
        guard what.isCounted else { return }
        what.isCounted = false
        if let scan = origin.scan { release(scan, of: origin) }
    }

    /// Something that a scan waited for is done with.
    mutating func release(_ scan: Scan, of origin: Origin) {
        scan.open -= 1
        guard scan.open == 0, origin.scan === scan else { return }
        origin.scan = nil
        origin.endedScan = scan
        setReady(origin)
    }
}

extension Unsettled {
    fileprivate mutating func mark(_ suspicion: Suspicion, isDeep: Bool) {
        self.suspicion = max(self.suspicion, suspicion)
        if isDeep { self.isDeep = true }
        // A hash job would not see it.
        if phase == .hashing { isWanted = true }
    }

    /// Until when a file that has been read is left alone, so that no more than a twentieth of the time goes into one
    /// that is rewritten all the time. Monotonic nanoseconds.
    func rest(from time: UInt64) -> UInt64 {
        let doubled = Limits.shortestRest << UInt64(min(rewrites, 8))
        return time + max(20 * readCost, rewrites == 0 ? 0 : min(doubled, Limits.longestRest))
    }
}

/// Nanoseconds: 50 ms, doubled with each try, 10 s at most.
func backOff(_ tries: UInt8) -> UInt64 {
    min(50_000_000 << UInt64(min(tries, 20)), 10_000_000_000)
}

/// Nanoseconds: 5 s, doubled with each try, 5 minutes at most.
func afterFault(_ tries: UInt8) -> UInt64 {
    min(Limits.afterFirstFault << UInt64(max(1, min(tries, 10)) - 1), Limits.afterFault)
}
