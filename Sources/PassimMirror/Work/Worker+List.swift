internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Worker {
    /// Lists a directory: directories below are to be visited, its files compared with what is known.
    func list(_ turn: Turn, _ visit: Visit) {
        let node = visit.node
        let path = path(of: node)
        let directory: OpenDirectory
        do throws(SystemError) {
            directory = try open(node, path, [.readOnly, .directory, .noFollow, .nonBlocking])
            if try isPrivate(directory.descriptor, path, of: node.origin) {
                return endPart(turn, visit, path, obstacle: nil)
            }
        } catch {
            return failed(turn, visit, path, error)
        }
        guard enter(directory, node, path) else {
            // It is not where it was: whatever has taken its place is told.
            visit.isComplete = false
            return endPart(turn, visit, path, obstacle: nil)
        }
        current = (node, directory, path)
        let (dropIn, rules) = mirror.look { _ in (node.origin.dropIn, node.origin.rules) }
        var files = NameCollector(node, scan: visit.scan, rules: rules, rest: rest(of: visit))
        var directories: [RawName] = []
        var relative = RelativePath(in: path)
        var obstacle: MirrorState.Obstacle?
        do throws(SystemError) {
            try directory.descriptor.forEachName(buffer: listBuffer) { name, kind in
                heartbeat.beat()
                switch kind {
                case .regular:
                    if relative.with(name, { dropIn.acceptsBelow($0) }) { files.add(name, kind) }
                case .directory:
                    if relative.with(name, { dropIn.entersBelow($0) }) { directories.append(RawName(name)) }
                case .unknown: files.add(name, kind)
                case .symbolicLink, .other: break
                }
            }
        } catch {
            // Names before the error are good; a directory that went away meanwhile is no error.
            visit.isComplete = false
            if error.meaning != .gone {
                obstacle = MirrorState.Obstacle(found: .fault, reason: error.code.sentence)
            }
        }
        visit.obstacle = obstacle
        var blocks = files.finish()
        // To ask the index for a path takes as long as the path is: not for each directory of directories.
        if mirror.look({ _ in node.mayHaveFiles(!blocks.isEmpty) }) {
            visit.indexVisit = mirror.index.beginVisit(
                mirror.index.directory(origin: node.origin.id, path: path))
        }
        let last = blocks.popLast()
        mirror.change { state, now in
            state.found(visit, blocks: blocks, directories: directories, now: now)
        }
        if let last {
            check(turn, last, visit)
        } else {
            endPart(turn, visit, path, obstacle: obstacle)
        }
    }

    /// How long nobody must have written a file that a visit finds, in nanoseconds: the less, the more is known of it.
    private func rest(of visit: Visit) -> Int64 {
        let isWatched = mirror.look { _ in visit.node.watch >= 0 }
        // A directory that has just come: who writes in it is heard of soon.
        return isWatched && visit.scan == nil ? Limits.pause : Limits.settleTime
    }

    /// Watches a directory from now on, before its names are read.
    ///
    /// - Returns: false where it is not the one that the node stands for.
    private func enter(_ directory: OpenDirectory, _ node: Node, _ path: RawName) -> Bool {
        let isSearchable = directory.descriptor.isSearchable
        for attempt in 1...Mirror.watchTries {
            heartbeat.beat()
            let watch = attempt < Mirror.watchTries ? mirror.watch(directory.descriptor) : -1
            switch mirror.change({ state, _ in
                state.enter(node, watch: watch, isSearchable: isSearchable)
            }) {
            case .gone: return false
            case .another:
                // Another directory has come in its place: that one is new.
                retire(node, path)
                return false
            case .here: break
            }
            if watch >= 0, mirror.watch(directory.descriptor) != watch { continue }
            if path.isEmpty || isStillThere(directory, node, path) { return true }
            // It was moved away between being opened and being watched, and who looked at what came in its place may have
            // been there before us.
            retire(node, path)
            return false
        }
        return true
    }

    /// A directory is not where its node says: what is known of it is forgotten, and what is there now is looked at.
    private func retire(_ node: Node, _ path: RawName) {
        mirror.unwatch(mirror.change { state, now in state.retire(node, now: now) })
        forget(node.origin, path)
        mirror.change { state, now in state.markSelf(node, now: now) }
    }

    /// True if the name of a directory leads to it. If so once it is watched, then whatever becomes of the
    /// name later is told.
    private func isStillThere(_ directory: OpenDirectory, _ node: Node, _ path: RawName) -> Bool {
        // Without watches nothing is told anyway.
        if mirror.watches == nil { return true }
        do throws(SystemError) {
            let found: FileStatus
            if let current, let parent = node.parent, current.node === parent {
                found = try current.directory.descriptor.status(of: node.name)
            } else {
                found = try openRoot(of: node.origin).descriptor
                    .open(beneath: path, [.path, .directory, .noFollow]).status()
            }
            return InodeID(found.identity) == InodeID(try directory.descriptor.status().identity)
        } catch {
            // Whatever it is, who looks at the name will find it too.
            return false
        }
    }

    /// A directory that cannot be opened.
    private func failed(_ turn: Turn, _ visit: Visit, _ path: RawName, _ error: SystemError) {
        let node = visit.node
        visit.isComplete = false
        let found = Found(error)
        if found == .gone {
            // The one above tells what has become of it.
            if path.isEmpty { mirror.change { state, _ in state.requestRoot(node.origin) } }
            return endPart(turn, visit, path, obstacle: nil)
        }
        if found == .forbidden {
            // Its files are forgotten; it is new when it can be read again.
            let watches = mirror.change { state, now in
                Array(node.children.values).flatMap { state.retire($0, now: now) } + state.leave(node)
            }
            mirror.unwatch(watches)
            forget(turn.origin, path)
        }
        if path.isEmpty {
            mirror.look { _ in node.origin.outcome = .failed(error.code.sentence) }
        }
        endPart(
            turn, visit, path, obstacle: MirrorState.Obstacle(found: found, reason: error.code.sentence))
    }

    /// Everything in a directory is gone, and below it; other names of its files are to be looked at.
    ///
    /// - Returns: how many files were known there.
    @discardableResult
    func forget(_ origin: Origin, _ path: RawName) -> Int {
        var touched: Set<UInt64> = []
        var parked: [(FileIdentity, Digest)] = []
        let volume = mirror.look { _ in origin.volume }
        let removed = mirror.index.removeAll(origin: origin.id, below: path) { identity, digest in
            if mirror.links.contains(identity) { touched.insert(identity.inode) }
            // It may come back: its disk was unmounted, or a directory was moved.
            guard let volume, volume.device == identity.device else { return }
            parked.append((identity, digest))
            if parked.count == Limits.batchSize {
                mirror.cache.park(parked, on: volume)
                parked.removeAll(keepingCapacity: true)
            }
        }
        if let volume, !parked.isEmpty { mirror.cache.park(parked, on: volume) }
        if removed > 0 { mirror.look { _ in origin.scan?.removedFiles += removed } }
        touchLinks(touched, origin)
        return removed
    }

    /// The listing or a block of a visit is done with; with the last one the visit is over.
    func endPart(_ turn: Turn, _ visit: Visit, _ path: RawName, obstacle: MirrorState.Obstacle?) {
        guard let (gone, watches) = mirror.change({ state, now in state.endPart(visit, now: now) }) else {
            return
        }
        mirror.unwatch(watches)
        for child in gone { forget(turn.origin, path.appending(child.name)) }
        if let indexed = visit.indexVisit {
            let isSweeping = visit.isComplete && !mirror.isStopping && mirror.look { _ in !visit.node.isGone }
            let removed = mirror.index.endVisit(indexed, sweeping: isSweeping)
            if removed > 0 { mirror.look { _ in visit.scan?.removedFiles += removed } }
        }
        mirror.change { state, now in state.end(visit, turn, obstacle: obstacle ?? visit.obstacle, now: now) }
    }
}
