internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Worker {
    /// Looks at the names that were noted in a directory: whatever happened, what counts is what is there.
    func look(_ origin: Origin, _ path: RawName) {
        guard let names = mirror.beginLook(origin, path) else { return }
        defer { mirror.endLook(origin, path) }
        guard let place = openRoot(of: origin, names, path) else { return }
        let walk = Walk(
            origin: origin, dropIn: place.dropIn, root: place.root, rootIdentity: place.identity,
            scope: .names, pass: nil, stamp: 0, isFirst: false, clock: mirror.clock)
        defer {
            // What was taken out, or is being walked, by rules that hold no more.
            if !isSelectedAsNow(walk) {
                mirror.note(names.mapValues { $0.union(.thorough) }, in: path, of: origin.id)
            }
        }
        guard let node = node(of: path, walk) else { return escalate(origin, path) }
        guard walk.dropIn.entersDirectory(path) else {
            _ = mirror.index.removeAll(origin: origin.id, below: path)
            return
        }
        do throws(SystemError) {
            let directory = try place.root.descriptor.open(beneath: path, [.path, .directory, .noFollow])
            if try isPrivate(directory, path, walk) { return }
            look(names, in: OpenDirectory(directory), node, path)
        } catch {
            switch error.meaning {
            case .gone, .forbidden: escalate(origin, path)
            case .shortage: mirror.note(names, in: path, of: origin.id, after: backOff(4))
            case .fault:
                mirror.logger.debug(
                    "A directory cannot be looked at", metadata: ["path": "\(path)", "error": "\(error)"])
                scheduleRescan(origin, after: .fault)
            }
        }
    }

    private func look(
        _ names: [RawName: NoteTable.Marks], in directory: OpenDirectory, _ node: DirectoryNode,
        _ path: RawName
    ) {
        // Some at a time, so that the index hears of them soon and its lock is not held for long.
        var rest = Array(names)[...]
        while !rest.isEmpty, !mirror.isStopping {
            let part = rest.prefix(Limits.batchSize)
            rest = rest.dropFirst(part.count)
            let arrival = arrive(at: node)
            if arrival == .gone { return escalate(node.walk.origin, path) }
            var batch = CheckBatch(
                node, path, mirror.index.directory(origin: node.walk.origin.id, path: path), RecheckTable())
            var removed: [RawName] = []
            for (name, marks) in part { look(name, marks, in: directory, path, node, &batch, &removed) }
            let changed = batch.changedNames
            finish(&batch)
            depart(node, path, arrival, changed: changed + removed)
        }
        if !rest.isEmpty {
            mirror.note(
                Dictionary(uniqueKeysWithValues: rest.map { ($0.key, $0.value) }), in: path,
                of: node.walk.origin.id)
        }
    }

    private func look(
        _ name: RawName, _ marks: NoteTable.Marks, in directory: OpenDirectory, _ path: RawName,
        _ node: DirectoryNode, _ batch: inout CheckBatch, _ removed: inout [RawName]
    ) {
        // What no directory has may come from elsewhere, and leads out of it.
        if name.isEmpty || name.bytes == [0x2E] || name.bytes == [0x2E, 0x2E] { return }
        // Before it is looked up: one that comes meanwhile is not taken out again.
        let child = node.watch.flatMap { mirror.watches?.child(of: $0, name) }
        func forgetDirectory() {
            if let child { mirror.watches?.retire(child) }
            if mirror.index.removeAll(origin: node.walk.origin.id, below: path.appending(name)) > 0
                || child != nil
            {
                removed.append(name)
            }
        }
        do throws(SystemError) {
            let status = try directory.descriptor.status(of: name)
            // Also of one that is not shared: others of its names may be.
            noteLink(name, status.kind == .regular ? status : nil, node)
            switch status.kind {
            case .regular where batch.accepts(name):
                forgetDirectory()
                compare(name, marks, status.identity, node, &batch)
            case .directory where batch.enters(name):
                batch.removeIfKnown(name, mirror.index)
                try enter(name, marks, in: directory, path, node)
            default:
                batch.removeIfKnown(name, mirror.index)
                forgetDirectory()
            }
        } catch {
            switch error.meaning {
            case .gone, .forbidden:
                noteLink(name, nil, node)
                batch.removeIfKnown(name, mirror.index)
                forgetDirectory()
            case .shortage:
                mirror.note([name: marks], in: path, of: node.walk.origin.id, after: backOff(4))
            case .fault:
                batch.failed(name, error)
                scheduleRescan(node.walk.origin, after: .fault)
            }
        }
    }

    /// A file: as it was, or to be hashed.
    private func compare(
        _ name: RawName, _ marks: NoteTable.Marks, _ identity: FileIdentity, _ node: DirectoryNode,
        _ batch: inout CheckBatch
    ) {
        let known = mirror.index.entry(directory: batch.directory, name: name)
        let isWritten = marks.contains(.written)
        // Who hashed it, or believed its stamp, may have come while it was written: then ctime tells nothing.
        if known?.identity == identity, !isWritten { return }
        let isWriting =
            node.watch.flatMap { mirror.watches?.isWriting($0, name, size: identity.size) } ?? false
        // Where only ctime moved it stays until it has been hashed; nothing of it is sent meanwhile.
        if let known, isWriting || isWritten || !known.identity.sameContent(as: identity) {
            batch.remove(name)
        }
        // Each time it is found changed, not each time it is looked at, or two names would go on for ever.
        if isWriting {
            if known != nil { touchLinks(name, node) }
            return
        }
        let path = batch.path(of: name)
        guard mirror.adoptAsRecheck(node.walk.origin, path, isWritten: isWritten) else { return }
        touchLinks(name, node)
        batch.queue(name, size: identity.size, distrusted: true, isRecheck: true)
    }

    /// A directory: the one that is known and watched, or to be walked.
    private func enter(
        _ name: RawName, _ marks: NoteTable.Marks, in directory: OpenDirectory, _ path: RawName,
        _ node: DirectoryNode
    ) throws(SystemError) {
        let found = try directory.descriptor.open(name, [.readOnly, .directory, .noFollow, .nonBlocking])
        let walk = node.walk
        let stamp = mirror.watches?.beginWalk() ?? 0
        if let table = mirror.watches, let watch = node.watch {
            switch table.enter(found, name, below: watch, isSearchable: found.isSearchable) {
            case .gone: return
            case .known: if !marks.contains(.thorough) { return }
            case .new: break
            }
        }
        let below = path.appending(name)
        let part = Walk(
            origin: walk.origin, dropIn: walk.dropIn, root: walk.root, rootIdentity: walk.rootIdentity,
            scope: .below(below), pass: mirror.index.beginPass(origin: walk.origin.id), stamp: stamp,
            isFirst: false, clock: mirror.clock)
        part.addFiles(1)
        part.addListing(1)
        let parent = DirectoryNode(walk: part, parent: nil, name: path, watch: node.watch)
        mirror.push(.directory(DirectoryJob(DirectoryNode(walk: part, parent: parent, name: name))))
    }

    // MARK: - Where the directory is

    /// The root as far as it is the one that is known; what was noted is of no use in another one.
    private func openRoot(
        of origin: Origin, _ names: [RawName: NoteTable.Marks], _ path: RawName
    ) -> (root: OpenDirectory, identity: RootIdentity, dropIn: DropIn)? {
        let (dropIn, known, open) = origin.state.withLock { ($0.dropIn, $0.root, $0.openRoot) }
        // Where there is none a pass begins with everything.
        guard let known else { return nil }
        if let open { return (open, known, dropIn) }
        do throws(PathWalk.Failure) {
            let place = try mirror.pathWalk.run(dropIn.path)
            if try RootIdentity(of: place) == known {
                let root = OpenDirectory(place)
                origin.state.withLock { $0.openRoot = root }
                return (root, known, dropIn)
            }
        } catch {
            if case .system(let error) = error {
                switch error.meaning {
                case .shortage:
                    mirror.note(names, in: path, of: origin.id, after: backOff(4))
                    return nil
                case .fault:
                    // It may be the same all the time, and then nobody else would look at these names.
                    scheduleRescan(origin, after: .fault)
                    return nil
                case .gone, .forbidden: break
                }
            }
        }
        mirror.lookAtRoot(of: origin.id)
        return nil
    }

    /// nil where the directory has not been walked, or is gone.
    private func node(of path: RawName, _ walk: Walk) -> DirectoryNode? {
        guard let table = mirror.watches else { return DirectoryNode(walk: walk, parent: nil, name: path) }
        guard let watch = table.find(walk.origin.id, path) else { return nil }
        return DirectoryNode(walk: walk, parent: nil, name: path, watch: watch)
    }

    /// The directory cannot be reached: whatever has become of it shows in the one above.
    private func escalate(_ origin: Origin, _ path: RawName) {
        if path.isEmpty {
            mirror.requestPass(origin)
        } else {
            mirror.note([path.basename: .thorough], in: path.parent, of: origin.id)
        }
    }
}
