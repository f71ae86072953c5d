internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Worker {
    /// Compares a queued block of names with what is known.
    func check(_ turn: Turn, _ block: NameBlock, _ visit: Visit) {
        let node = visit.node
        let path = path(of: node)
        if mirror.look({ _ in node.isGone }) { return endPart(turn, visit, path, obstacle: nil) }
        do throws(SystemError) {
            let directory = try workPlace(node, path)
            check(turn, block, visit, in: directory, path, try identities(in: directory, node, path))
        } catch {
            visit.isComplete = false
            let obstacle =
                error.meaning == .gone
                ? nil : MirrorState.Obstacle(found: Found(error), reason: error.code.sentence)
            visit.obstacle = obstacle
            endPart(turn, visit, path, obstacle: obstacle)
        }
    }

    /// Compares the names of a block with what is known: files that are as they were stay, what may be
    /// believed comes into the index, the rest is queued to be hashed.
    private func check(
        _ turn: Turn, _ block: NameBlock, _ visit: Visit, in directory: OpenDirectory, _ path: RawName,
        _ identities: Identities
    ) {
        let node = visit.node
        let (dropIn, rules, others) = mirror.look { state in
            (node.origin.dropIn, node.origin.rules, state.lookedAfter(in: visit))
        }
        let indexed = mirror.index.directory(origin: node.origin.id, path: path)
        var batch = Batch(
            node, path, dropIn, indexed, identities, scan: visit.scan, rules: rules, rest: block.rest)
        var names: [RawName] = []
        names.reserveCapacity(block.count)
        block.forEach { name, kind in
            // Unless it fails again, below.
            if others?.unreadable.contains(name) == true {
                batch.outcomes.append((name, .settled, isKnown: false))
            }
            if others?.busy.contains(name) == true {
                batch.seen.append(name)
            } else if visit.isFirst, kind == .regular {
                // Nothing is known of it: its attributes have to be read, for which it is opened.
                names.append(name)
            } else {
                batch.statted.append(name)
            }
        }
        names += namesOfChanged(&batch, visit, directory)
        for name in names {
            if mirror.isStopping { break }
            heartbeat.beat()
            do throws(SystemError) {
                let file = try directory.descriptor.open(name, fileFlags)
                let status = try file.status()
                if status.kind == .regular { examine(file, name, status, visit, &batch) }
            } catch {
                failed(name, error, &batch)
            }
        }
        finish(&batch, visit)
        let seen = names + batch.seen
        mirror.change { state, now in
            state.endCheck(
                turn, visit, outcomes: batch.outcomes, jobs: batch.takeJobs(), directories: batch.directories,
                changed: batch.changedNames, seen: seen, now: now)
        }
        touchLinks(batch.touchedInodes, turn.origin)
        endPart(turn, visit, path, obstacle: nil)
    }

    /// Findings of the check of one block of names; told to index and state at its end in one go.
    struct Batch {
        let path: RawName
        let directory: DirectoryID
        let identities: Identities
        private let dropIn: DropIn
        private var relative: RelativePath
        private let scan: Scan?
        private var pending: NameCollector
        private var pendingFiles: [(offset: UInt32, size: UInt64, isForced: Bool, isWritten: Bool)] = []

        /// Names that are to be told apart by stat(2).
        var statted: [RawName] = []
        var changes: [Change] = []
        /// Names that are there, whatever becomes of them.
        var seen: [RawName] = []
        var outcomes: [(RawName, Outcome, isKnown: Bool)] = []
        /// Directories whose kind the listing did not tell.
        var directories: [RawName] = []
        /// Files that the store is to be asked about, as they were when they were opened.
        var unstamped: [(name: RawName, identity: FileIdentity, volume: Volume)] = []
        /// Inodes with other names, something of which has changed.
        var touchedInodes: Set<UInt64> = []
        var trustedAttributes = 0
        var trustedStore = 0

        init(
            _ node: Node, _ path: RawName, _ dropIn: DropIn, _ directory: DirectoryID,
            _ identities: Identities, scan: Scan?, rules: UInt64, rest: Int64
        ) {
            self.path = path
            self.dropIn = dropIn
            self.directory = directory
            self.identities = identities
            self.scan = scan
            relative = RelativePath(in: path)
            pending = NameCollector(node, scan: scan, rules: rules, rest: rest)
        }

        mutating func accepts(_ name: RawName) -> Bool {
            name.bytes.withUnsafeBytes { relative.with($0) { dropIn.acceptsBelow($0) } }
        }

        mutating func enters(_ name: RawName) -> Bool {
            name.bytes.withUnsafeBytes { relative.with($0) { dropIn.entersBelow($0) } }
        }

        mutating func insert(_ name: RawName, _ digest: Digest, _ identity: FileIdentity) {
            changes.append(
                .insert(
                    directory: directory, name: name, digest: digest, identity: identity,
                    flags: identities.flags(identity)))
        }

        mutating func remove(_ name: RawName) {
            changes.append(.remove(directory: directory, name: name))
        }

        /// To be hashed.
        ///
        /// - Parameter isForced: though it is known, and nobody waits for it.
        /// - Parameter isWritten: events told of writing.
        mutating func queue(_ name: RawName, size: UInt64, isForced: Bool = false, isWritten: Bool = false) {
            pendingFiles.append((pending.add(name, .regular), size, isForced, isWritten))
        }

        /// The names of which the index hears something.
        var changedNames: [RawName] { changes.compactMap(\.name) }

        mutating func takeJobs() -> [HashJob] {
            defer { pendingFiles = [] }
            // A block of names makes one block of pending names at most.
            guard let block = pending.finish().first else { return [] }
            return pendingFiles.map { file in
                HashJob(
                    block, at: file.offset, size: file.size, isCounted: scan != nil && !file.isForced,
                    isForced: file.isForced, isWritten: file.isWritten)
            }
        }
    }

    /// Names of files that are not what the index has, among those that are to be told apart by stat(2).
    private func namesOfChanged(
        _ batch: inout Batch, _ visit: Visit, _ directory: OpenDirectory
    ) -> [RawName] {
        var files: [(name: RawName, identity: FileIdentity)] = []
        files.reserveCapacity(batch.statted.count)
        for name in batch.statted {
            heartbeat.beat()
            do throws(SystemError) {
                let status = try directory.descriptor.status(of: name)
                switch status.kind {
                case .regular:
                    if batch.accepts(name) {
                        files.append((name, batch.identities.seen(status, name).identity))
                    }
                case .directory: if batch.enters(name) { batch.directories.append(name) }
                case .symbolicLink, .other: break
                }
            } catch {
                failed(name, error, &batch)
            }
        }
        guard !files.isEmpty, let indexed = visit.indexVisit else { return files.map(\.name) }
        let same = mirror.index.see(indexed, files: files)
        return zip(files, same).compactMap { file, same in
            // Events of it may have been dropped, and its times tell nothing then.
            same && !isSuspicious(file.identity, visit) ? nil : file.name
        }
    }

    private func isSuspicious(_ identity: FileIdentity, _ visit: Visit) -> Bool {
        visit.writtenSince.map { identity.changed >= $0 } ?? false
    }

    /// One open file of a block.
    private func examine(
        _ file: borrowing Descriptor, _ name: RawName, _ status: FileStatus, _ visit: Visit,
        _ batch: inout Batch
    ) {
        let status = batch.identities.seen(status, name)
        let (identity, links) = (status.identity, status.links)
        let known = visit.isFirst ? nil : mirror.index.entry(directory: batch.directory, name: name)?.identity
        let decision = decide(
            Evidence(
                found: .file(identity, links: links), known: known,
                suspicion: isSuspicious(identity, visit) ? .written : .none))
        guard case .read(let forget) = decision else {
            batch.seen.append(name)
            return
        }
        if links > 1, known != nil { batch.touchedInodes.insert(identity.inode) }
        if known == nil {
            if links > 1, !isSuspicious(identity, visit), let digest = mirror.links.digest(of: identity) {
                return batch.insert(name, digest, identity)
            }
            let volume = volume(of: file, identity)
            guard
                let trusted = mirror.cache.trustedAttributes(
                    of: file, identity, on: volume, isFirstScan: visit.scan?.isFirst == true)
            else { return batch.unstamped.append((name, identity, volume)) }
            batch.trustedAttributes += 1
            batch.insert(name, trusted.digest, identity)
            if links > 1 { mirror.links.note(identity, trusted.digest) }
            // Read again all the same, for a stamp that names its inode; it is served meanwhile.
            if trusted.isOldStamp { batch.queue(name, size: identity.size, isForced: true) }
            return
        }
        if forget { batch.remove(name) } else { batch.seen.append(name) }
        batch.outcomes.append((name, .settled, isKnown: true))
        batch.queue(name, size: identity.size, isWritten: isSuspicious(identity, visit))
    }

    /// A name that could not be looked at.
    private func failed(_ name: RawName, _ error: SystemError, _ batch: inout Batch) {
        let reason = error.code.sentence
        switch decide(Evidence(found: Found(error))) {
        case .refuse:
            batch.remove(name)
            batch.outcomes.append((name, .unreadable(reason), isKnown: false))
        case .retry(let obstacle):
            batch.seen.append(name)
            batch.outcomes.append((name, .retry(obstacle, size: 0, reason: reason), isKnown: false))
        default: break
        }
    }

    private func finish(_ batch: inout Batch, _ visit: Visit) {
        askStore(&batch)
        let (attributes, store) = (batch.trustedAttributes, batch.trustedStore)
        if attributes + store > 0 {
            mirror.count { counters in
                counters.trustedAttributes += attributes
                counters.trustedStore += store
            }
        }
        mirror.apply(batch.changes, in: visit.node)
        if let indexed = visit.indexVisit, !batch.seen.isEmpty {
            mirror.index.markSeen(indexed, names: batch.seen)
        }
    }

    /// Files of which attributes tell nothing: from the store, or to be hashed.
    private func askStore(_ batch: inout Batch) {
        let files = batch.unstamped
        if files.isEmpty { return }
        batch.unstamped = []
        for (volume, files) in Dictionary(grouping: files, by: \.volume) {
            let digests = mirror.cache.trustedRows(files.map(\.identity), on: volume)
            for (file, digest) in zip(files, digests) {
                if let digest {
                    batch.insert(file.name, digest, file.identity)
                    batch.trustedStore += 1
                } else {
                    batch.queue(file.name, size: file.identity.size)
                }
            }
        }
    }
}

extension Change {
    /// The name that it is about.
    var name: RawName? {
        switch self {
        case .insert(_, let name, _, _, _), .remove(_, let name): name
        case .drop: nil
        }
    }
}
