// Looks at some names of a directory and visits of all of them, and the tree that they build.

internal import PassimConfig
internal import PassimCore
internal import PassimSystem

extension MirrorState {
    // MARK: - Looks

    /// - Returns: nil where there is nothing to look at, or somebody is at it who will come back for it.
    mutating func beginLook(_ node: Node) -> Look? {
        node.isLookQueued = false
        if node.isGone || node.isBusy || node.dirty.isEmpty { return nil }
        guard node.isEntered else {
            // It cannot be listed, or has not been: with that all of its names are looked at.
            dropNames(of: node)
            return nil
        }
        let taken = node.dirty.prefix(Limits.batchSize)
        var names: [(name: RawName, what: Unsettled)] = []
        names.reserveCapacity(taken.count)
        for name in taken {
            // Taken out when it was settled meanwhile.
            guard var what = node.names[name], what.isDirty else { continue }
            names.append((name, what))
            what.isDirty = false
            what.suspicion = .none
            what.isDeep = false
            what.isByLink = false
            node.names[name] = what
        }
        if taken.count == node.dirty.count {
            node.dirty = []
        } else {
            node.dirty.removeFirst(taken.count)
        }
        node.work = .look(names.map(\.name))
        return Look(
            node: node, names: names, isProven: node.watch >= 0 && node.provenSince > lost)
    }

    /// - Parameters:
    ///   - outcomes: of names that were looked at.
    ///   - jobs: files that are to be hashed, which have the outcome `hashing`.
    ///   - changed: names of which the index was told something.
    mutating func endLook(
        _ turn: Turn, _ look: Look, outcomes: [(RawName, Outcome)], jobs: [HashJob], changed: [RawName],
        now: UInt64
    ) {
        let node = look.node
        for (name, outcome) in outcomes { settle(name, in: node, outcome, scan: nil, now: now) }
        _ = node.mayHaveFiles(!jobs.isEmpty || !changed.isEmpty)
        push(jobs, of: turn.origin)
        checkRace(turn, node, changed: changed, seen: look.names.lazy.map(\.name), now: now)
        if !changed.isEmpty { node.changed = advance() }
        node.work = .none
        if node.unreadable > 0 {
            // Which names those are is not known: perhaps one of these.
            requestVisit(node, .shallow, due: now + Limits.recountDelay, scan: nil, now: now)
        }
        queue(node, now)
    }

    /// Names that could not be looked at, nor their directory.
    mutating func putBack(_ look: Look, after delay: UInt64, now: UInt64) {
        for (name, what) in look.names {
            mark(look.node, name, what.suspicion, isDeep: what.isDeep, due: now + delay, now: now)
        }
        look.node.work = .none
        queue(look.node, now)
    }

    /// The directory of a look is not where it was: whatever has become of it shows in the one above.
    mutating func escalate(_ look: Look, now: UInt64) {
        look.node.work = .none
        if look.node.isGone { return }
        markSelf(look.node, now: now)
        queue(look.node, now)
    }

    /// Names of a directory which a visit leaves to those who look after them, and names that could not be read last.
    func lookedAfter(in visit: Visit) -> (busy: Set<RawName>, unreadable: Set<RawName>)? {
        let node = visit.node
        if node.names.isEmpty { return nil }
        let isAsked = visit.scan?.isAsked == true
        var busy: Set<RawName> = []
        var unreadable: Set<RawName> = []
        for (name, what) in node.names {
            if what.isDirty || what.phase != .idle || what.writing != .none {
                busy.insert(name)
            } else if what.isUnreadable {
                // It is tried again in its time, ever more seldom, unless somebody asks.
                if what.due != .max, !isAsked { busy.insert(name) } else { unreadable.insert(name) }
            }
        }
        return (busy, unreadable)
    }

    /// Changes meanwhile may have undone what a turn found: the names of which it told the index are looked
    /// at again.
    ///
    /// - Parameter seen: names that count as seen: where the directory is gone they may be another's.
    mutating func checkRace(
        _ turn: Turn, _ node: Node, changed: [RawName], seen: some Sequence<RawName>, now: UInt64
    ) {
        let due = now + Limits.gatheringTime
        if node.isGone {
            if turn.origin.isRemoved { return }
            let path = node.path
            for name in changed + Array(seen) {
                mark(path.appending(name), of: turn.origin, .none, isDeep: true, due: due, now: now)
            }
        } else if node.changed > turn.began || lost > turn.began || turn.origin.rules > turn.began {
            for name in changed { mark(node, name, isDeep: true, due: due, now: now) }
        }
    }

    // MARK: - Visits

    /// Has a directory visited.
    mutating func requestVisit(_ node: Node, _ whole: Node.Whole, due: UInt64, scan: Scan?, now: UInt64) {
        if node.isGone || node.origin.isRemoved { return }
        node.wholeDue = node.whole == .none ? due : min(node.wholeDue, due)
        node.whole = max(node.whole, whole)
        if let scan, node.scan == nil, scan === node.origin.scan {
            node.scan = scan
            scan.open += 1
        }
        queue(node, now)
    }

    mutating func beginVisit(_ node: Node) -> Visit? {
        node.isVisitQueued = false
        if node.isGone || node.isBusy || node.whole == .none { return nil }
        node.work = .visit
        // Its names have been forgotten: until the visit ends any may be there.
        if node.writtenSince != nil { node.provenSince = 0 }
        defer {
            node.whole = .none
            node.scan = nil
            node.writtenSince = nil
        }
        return Visit(
            node: node, scan: node.scan, isDeep: node.whole == .deep,
            isFirst: !node.isEntered, began: advance(), writtenSince: node.writtenSince)
    }

    enum Entered {
        /// The directory that was known, watched without a gap since it was listed, or a new one.
        case here
        /// This path leads to another directory than the node stands for.
        case another
        /// The node is gone.
        case gone
    }

    /// The directory of a node has been opened and watched.
    ///
    /// - Parameter watch: -1 where it cannot be watched.
    mutating func enter(_ node: Node, watch: CInt, isSearchable: Bool) -> Entered {
        if node.isGone { return .gone }
        node.isSearchable = isSearchable
        if node.isEntered {
            if node.watch == watch { return .here }
            if node.watch >= 0, watch >= 0 { return .another }
            // It was not watched and is from now on, or the other way round.
            if node.watch >= 0 { _ = watches.remove(node) }
            if node.watch < 0 { node.origin.unwatched -= 1 }
        } else {
            node.isEntered = true
            node.origin.directories += 1
        }
        node.watch = watch
        node.provenSince = 0
        if watch >= 0 { watches.add(node, watch) } else { node.origin.unwatched += 1 }
        return .here
    }

    /// Takes in the findings of a listing, or of a part of it.
    ///
    /// - Parameter directories: names of directories that the drop-in selects.
    mutating func found(_ visit: Visit, blocks: [NameBlock], directories: [RawName], now: UInt64) {
        let node = visit.node
        if node.isGone { return }
        for name in directories {
            let child: Node
            let isNew: Bool
            if let known = node.children[name] {
                (child, isNew) = (known, !known.isEntered)
            } else {
                child = Node(origin: node.origin, name: name, parent: node)
                node.children[name] = child
                isNew = true
            }
            child.met = visit.began
            if isNew || visit.isDeep { requestVisit(child, .deep, due: now, scan: visit.scan, now: now) }
        }
        visit.openParts += blocks.count
        for block in blocks { node.origin.queue.push(block, visit) }
        if !blocks.isEmpty { setReady(node.origin) }
    }

    /// A block of names has been compared with what is known.
    mutating func endCheck(
        _ turn: Turn, _ visit: Visit, outcomes: [(RawName, Outcome, isKnown: Bool)], jobs: [HashJob],
        directories: [RawName], changed: [RawName], seen: [RawName], now: UInt64
    ) {
        let node = visit.node
        var isWithdrawn = false
        for (name, outcome, isKnown) in outcomes {
            if isKnown { isWithdrawn = true }
            if !settle(name, in: node, outcome, scan: visit.scan, isMet: true, now: now),
                case .unreadable(let reason) = outcome
            {
                visit.unreadable += 1
                if node.origin.unreadable.count == 0, visit.unreadable == 1 {
                    node.origin.unreadable.first = "\(node.path.appending(name)): \(reason)"
                }
            }
        }
        found(visit, blocks: [], directories: directories, now: now)
        push(jobs, of: turn.origin)
        checkRace(turn, node, changed: changed, seen: seen, now: now)
        if isWithdrawn { node.changed = advance() }
    }

    /// A part of a visit is done with.
    ///
    /// - Returns: where it was the last one, the directories below that are not there any more, out of the tree, and
    ///   the watches to remove. Then `end(visit)` must follow.
    mutating func endPart(_ visit: Visit, now: UInt64) -> (gone: [Node], watches: [CInt])? {
        visit.openParts -= 1
        guard visit.openParts == 0 else { return nil }
        let node = visit.node
        guard !node.isGone, visit.isComplete else { return ([], []) }
        let unmet = node.children.values.filter { $0.met != visit.began }
        return (unmet, unmet.flatMap { retire($0, now: now) })
    }

    /// - Parameter obstacle: why it could not be listed, or not to its end.
    mutating func end(_ visit: Visit, _ turn: Turn, obstacle: Obstacle?, now: UInt64) {
        let node = visit.node
        let origin = node.origin
        node.work = .none
        if !node.isGone {
            if node.isUnreadable { origin.unreadable.count -= 1 }
            node.isUnreadable = false
            if visit.isComplete {
                countUnreadable(visit.unreadable - node.unreadable, of: origin, first: nil, now: now)
                node.unreadable = visit.unreadable
            }
            if let obstacle {
                retry(visit, obstacle, now)
            } else {
                node.tries = 0
                if node.watch >= 0, visit.isComplete, visit.began > lost { node.provenSince = visit.began }
            }
            queue(node, now)
        }
        if let scan = visit.scan { release(scan, of: origin) }
    }

    struct Obstacle {
        var found: Found
        var reason: String
    }

    private mutating func retry(_ visit: Visit, _ obstacle: Obstacle, _ now: UInt64) {
        let node = visit.node
        node.tries = min(node.tries + 1, 100)
        var scan = visit.scan
        var delay: UInt64?
        switch obstacle.found {
        case .shortage, .busy:
            delay = backOff(node.tries)
            if node.tries >= Limits.shortageTries { scan = nil }
        case .forbidden: scan = nil
        default:
            delay = afterFault(node.tries)
            scan = nil
        }
        if scan == nil, obstacle.found != .gone {
            node.isUnreadable = true
            let first = "\(node.parent == nil ? node.origin.dropIn.path : "\(node.path)"): \(obstacle.reason)"
            countUnreadable(1, of: node.origin, first: first, now: now)
        }
        guard let delay else { return }
        requestVisit(node, visit.isDeep ? .deep : .shallow, due: now + delay, scan: scan, now: now)
    }

    // MARK: - The tree

    /// The directory below under this name; a new one where there is none.
    mutating func child(of node: Node, _ name: RawName) -> Node? {
        if node.isGone { return nil }
        if let known = node.children[name] { return known }
        let child = Node(origin: node.origin, name: name, parent: node)
        node.children[name] = child
        return child
    }

    /// Notes which file a name leads to that the drop-in leaves out.
    ///
    /// - Parameter inode: nil where it is none that has other names.
    /// - Returns: what was noted before.
    mutating func setOutside(_ name: RawName, of node: Node, _ inode: UInt64?) -> UInt64? {
        let old = node.outside.removeValue(forKey: name)
        if old != nil { outsideCount -= 1 }
        if let inode, !node.isGone, outsideCount < Limits.outsideLinks {
            node.outside[name] = inode
            outsideCount += 1
        }
        return old
    }

    /// A directory that cannot be read is not watched.
    ///
    /// - Returns: the watches to remove.
    mutating func leave(_ node: Node) -> [CInt] {
        guard node.isEntered, !node.isGone else { return [] }
        node.isEntered = false
        node.provenSince = 0
        node.origin.directories -= 1
        defer { node.watch = -1 }
        if node.watch < 0 {
            node.origin.unwatched -= 1
            return []
        }
        return watches.remove(node).map { [$0] } ?? []
    }

    /// Takes a directory and all below it out of the tree.
    ///
    /// - Returns: the watches that stand for nothing any more, to be removed.
    mutating func retire(_ top: Node, now: UInt64) -> [CInt] {
        if top.isGone { return [] }
        let origin = top.origin
        if origin.root === top { origin.root = nil }
        if let parent = top.parent, parent.children[top.name] === top { parent.children[top.name] = nil }
        var watches: [CInt] = []
        var waiting = [top]
        while let node = waiting.popLast() {
            waiting.append(contentsOf: node.children.values)
            node.children = [:]
            node.isGone = true
            node.changed = advance()
            dropNames(of: node)
            outsideCount -= node.outside.count
            for inode in node.outside.values { touchLinks(inode, of: origin, .touched, .none, now) }
            node.outside = [:]
            origin.unreadable.count -= node.unreadable + (node.isUnreadable ? 1 : 0)
            if let scan = node.scan {
                node.scan = nil
                release(scan, of: origin)
            }
            guard node.isEntered else { continue }
            origin.directories -= 1
            if node.watch < 0 {
                origin.unwatched -= 1
            } else if let ended = self.watches.remove(node) {
                watches.append(ended)
            }
        }
        return watches
    }
}
