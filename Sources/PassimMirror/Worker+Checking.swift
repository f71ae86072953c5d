internal import PassimCore
internal import PassimIndex
internal import PassimSystem

/// How a file that was found in a directory is opened: a name may have become a symlink, a FIFO or a
/// terminal since it was listed, and none of them may be followed, waited for or taken over.
let fileFlags: OpenFlags = [.readOnly, .noFollow, .nonBlocking, .noControllingTerminal]

extension Worker {
    /// Compares a queued batch of names with what is known.
    func check(_ job: BatchJob) {
        let walk = job.walk
        if walk.isCancelled { return endListing(walk) }
        let node = job.block.directory
        let path = path(of: node)
        do throws(SystemError) {
            check(job, in: try workPlace(node, path), path)
        } catch {
            if error.meaning == .shortage, job.tries < Limits.shortageTries {
                return retry(job.block, tries: job.tries)
            }
            if error.meaning != .gone {
                walk.noteUnreadable("\(path): \(error.code.sentence)", fault: error.meaning != .forbidden)
            }
            endListing(walk)
        }
    }

    /// Compares the names of a block with what is known: files that are as they were stay, what may be
    /// believed comes into the index, the rest is queued to be hashed.
    func check(_ job: BatchJob, in directory: OpenDirectory, _ path: RawName) {
        let walk = job.walk
        let arrival = arrive(at: job.block.directory)
        if arrival == .gone { return endListing(walk) }
        var batch = CheckBatch(
            job.block.directory, path, mirror.index.directory(origin: walk.origin.id, path: path),
            mirror.rechecks(of: walk.origin))
        let names =
            walk.isFirst
            ? namesOfFiles(job.block, directory, &batch) : namesOfChanged(job.block, directory, &batch)
        var rest: NameBlock?
        for (position, name) in names.enumerated() {
            if mirror.isStopping { break }
            do throws(SystemError) {
                let file = try directory.descriptor.open(name, fileFlags)
                let status = try file.status()
                if status.kind == .regular {
                    noteLink(name, status, job.block.directory)
                    examine(file, name, status.identity, &batch)
                }
            } catch {
                if error.meaning == .shortage, job.tries < Limits.shortageTries {
                    var left = NameCollector(directory: job.block.directory)
                    for name in names[position...] { left.add(name, .regular) }
                    rest = left.finish().first
                    break
                }
                batch.failed(name, error)
            }
        }
        finish(&batch)
        depart(
            job.block.directory, path, arrival, changed: batch.changedNames, seen: self.names(of: job.block))
        if let rest {
            retry(rest, tries: job.tries)
        } else {
            endListing(walk)
        }
    }

    // MARK: - Which names to open

    /// On the first pass: all, because each file's attributes have to be read.
    private func namesOfFiles(
        _ block: NameBlock, _ directory: OpenDirectory, _ batch: inout CheckBatch
    ) -> [RawName] {
        var names: [RawName] = []
        names.reserveCapacity(block.count)
        block.forEach { _, name, kind in
            if kind == .regular || identify(name, directory, &batch) != nil {
                if isRechecked(name, &batch) { batch.noteSeen(name) } else { names.append(name) }
            }
            return true
        }
        return names
    }

    /// Later: only those that stat(2) tells apart from what the index has.
    private func namesOfChanged(
        _ block: NameBlock, _ directory: OpenDirectory, _ batch: inout CheckBatch
    ) -> [RawName] {
        var files: [(name: RawName, identity: FileIdentity)] = []
        files.reserveCapacity(block.count)
        block.forEach { _, name, _ in
            if isRechecked(name, &batch) {
                batch.noteSeen(name)
            } else if let identity = identify(name, directory, &batch) {
                files.append((name, identity))
            }
            return true
        }
        let same: [Bool]
        if let pass = batch.walk.pass {
            same = mirror.index.reconcile(directory: batch.directory, pass: pass, files: files)
        } else {
            same = files.map { file in
                mirror.index.entry(directory: batch.directory, name: file.name)?.identity == file.identity
            }
        }
        return zip(files, same).compactMap { file, same in same ? nil : file.name }
    }

    /// Whether somebody looks after a file, who tells the index of it.
    private func isRechecked(_ name: RawName, _ batch: inout CheckBatch) -> Bool {
        batch.isRechecked(name) && mirror.joinRecheck(batch.walk.origin, batch.path(of: name))
    }

    private func names(of block: NameBlock) -> [RawName] {
        var names: [RawName] = []
        names.reserveCapacity(block.count)
        block.forEach { _, name, _ in
            names.append(name)
            return true
        }
        return names
    }

    /// What stat(2) says of a name; nil where it is no regular file that is shared.
    private func identify(
        _ name: RawName, _ directory: OpenDirectory, _ batch: inout CheckBatch
    ) -> FileIdentity? {
        do throws(SystemError) {
            let status = try directory.descriptor.status(of: name)
            switch status.kind {
            case .regular:
                guard batch.accepts(name) else { return nil }
                noteLink(name, status, batch.node)
                return status.identity
            case .directory: if batch.enters(name) { batch.subdirectories.add(name, .directory) }
            case .symbolicLink, .other: break
            }
        } catch {
            batch.failed(name, error)
        }
        return nil
    }

    // MARK: - What to believe

    /// One open file of a batch.
    private func examine(
        _ file: borrowing Descriptor, _ name: RawName, _ identity: FileIdentity, _ batch: inout CheckBatch
    ) {
        guard let known = mirror.index.entry(directory: batch.directory, name: name) else {
            let volume = batch.volume(of: file, identity, mirror.volumes)
            let isFirst = batch.walk.isFirst
            if let trusted = mirror.cache.trustedAttributes(
                of: file, identity, on: volume, isFirstScan: isFirst)
            {
                batch.trust(trusted.digest, .attributes, name, identity)
                if trusted.isOldStamp { restamp(name, identity, &batch) }
            } else {
                batch.unstamped.append((name, identity, volume))
            }
            return
        }
        if known.identity == identity { return batch.noteSeen(name) }
        // Changed while we run: whatever did it may have put mtime back, so its stamp is not believed.
        if known.identity.sameContent(as: identity) {
            // Only ctime moved, most likely an attribute: it stays until it has been hashed. The server
            // compares ctime too, so nothing of it is sent meanwhile.
            batch.noteSeen(name)
        } else {
            batch.remove(name)
        }
        batch.queue(name, size: identity.size, distrusted: true)
    }

    /// Has a file that is believed hashed again all the same; nobody waits for it.
    private func restamp(_ name: RawName, _ identity: FileIdentity, _ batch: inout CheckBatch) {
        let path = batch.path(of: name)
        if mirror.adoptAsRecheck(batch.walk.origin, path, isWritten: true) {
            batch.queue(name, size: identity.size, distrusted: true, isRecheck: true)
        }
    }

    // MARK: - The end of a batch

    func finish(_ batch: inout CheckBatch) {
        let walk = batch.walk
        askStore(&batch)
        mirror.apply(batch.changes, of: walk.origin)
        if let pass = walk.pass, !batch.seen.isEmpty {
            mirror.index.markSeen(directory: batch.directory, pass: pass, names: batch.seen)
        }
        if batch.trustedAttributes + batch.trustedStore > 0 {
            mirror.count { counters in
                counters.trustedAttributes += batch.trustedAttributes
                counters.trustedStore += batch.trustedStore
            }
        }
        if let names = batch.subdirectories.finish().first { queue([], [names], of: walk) }
        let jobs = batch.jobs()
        walk.addFiles(jobs.count { $0.marks.contains(.counts) })
        walk.origin.addPending(jobs)
        mirror.push(jobs)
    }

    /// Believes of files without a valid stamp what the store says, asked once for all of them.
    private func askStore(_ batch: inout CheckBatch) {
        let files = batch.unstamped
        if files.isEmpty { return }
        batch.unstamped = []
        for (volume, files) in Dictionary(grouping: files, by: \.volume) {
            let digests = mirror.cache.trustedRows(files.map(\.identity), on: volume)
            for (file, digest) in zip(files, digests) {
                if let digest {
                    batch.trust(digest, .rows, file.name, file.identity)
                } else {
                    batch.queue(file.name, size: file.identity.size, distrusted: !batch.walk.isFirst)
                }
            }
        }
    }

    // MARK: - While something happens in the directory

    /// How far the events of a directory had been read when a worker came to it.
    enum Arrival: Equatable {
        case unwatched
        case mark(WatchTable.Mark)
        /// Whatever is under its path now, it is another directory.
        case gone
    }

    func arrive(at node: DirectoryNode) -> Arrival {
        guard let table = mirror.watches, let watch = node.watch else { return .unwatched }
        return table.mark(of: watch).map { .mark($0) } ?? .gone
    }

    /// Has another look taken at names of which the index was told something, if anything has happened in the
    /// directory meanwhile, or the drop-in is another: that may be what somebody else told the index before, and
    /// was now undone.
    ///
    /// - Parameter seen: names that count as seen. Where the directory is gone they may be another's, and what
    ///   walks that one would let them stay.
    func depart(
        _ node: DirectoryNode, _ path: RawName, _ arrival: Arrival, changed: [RawName],
        seen: @autoclosure () -> [RawName] = []
    ) {
        let now = arrive(at: node)
        if now == arrival, changed.isEmpty || isSelectedAsNow(node.walk) { return }
        let names = now == .gone ? changed + seen() : changed
        let notes = Dictionary(names.map { ($0, NoteTable.Marks.thorough) }) { one, _ in one }
        mirror.note(notes, in: path, of: node.walk.origin.id, after: Limits.gatheringTime)
    }

    /// Whether the drop-in still selects the files that it did when the walk began.
    func isSelectedAsNow(_ walk: Walk) -> Bool {
        walk.dropIn.selectsSame(as: walk.origin.state.withLock { $0.dropIn })
    }

    private func retry(_ block: NameBlock, tries: UInt8) {
        mirror.push(.batch(BatchJob(block: block, tries: tries + 1)), after: backOff(tries))
    }

    /// The directory of a node to work in: the one at hand, or opened as a place.
    func workPlace(_ node: DirectoryNode, _ path: RawName) throws(SystemError) -> OpenDirectory {
        if let current, current.node === node { return current.directory }
        let directory = try open(node, path, [.path, .directory, .noFollow])
        current = (node, directory, path)
        return directory
    }
}
