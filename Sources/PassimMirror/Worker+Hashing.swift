internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

extension Worker {
    /// What comes of the files of one turn: the index hears of all at once.
    private struct Results {
        var directory = RawName.empty
        var changes: [Change] = []
        var ended: [FileJob] = []
        /// Of these, files that nobody has looked at. A walk that met them left them to us.
        var unseen: [RawName] = []
        /// Queued again when the index knows of the rest: whoever takes such a file next may be faster.
        var later: [(job: FileJob, delay: UInt64)] = []
        /// Files that the walk waits for no longer, though they are queued again.
        var released = 0
        var hashedFiles = 0
        var hashedBytes: UInt64 = 0

        var changedNames: [RawName] {
            changes.compactMap { change in
                switch change {
                case .insert(_, let name, _, _, _), .remove(_, let name): name
                case .drop: nil
                }
            }
        }
    }

    /// Hashes files of one directory.
    func hash(_ jobs: [FileJob]) {
        var results = Results()
        let node = jobs[0].block.directory
        let walk = node.walk
        if walk.origin.isRemoved {
            results.ended = jobs
            return finish(results, walk)
        }
        let arrival = arrive(at: node)
        let path = path(of: node)
        results.directory = path
        if arrival == .gone {
            for job in jobs { leave(job, &results) }
            return finish(results, walk)
        }
        let id = mirror.index.directory(origin: walk.origin.id, path: path)
        do throws(SystemError) {
            let directory = try workPlace(node, path)
            for job in jobs where !mirror.isStopping {
                if job.isAbandoned || !isShared(job) {
                    leave(job, &results)
                } else {
                    hash(job, in: directory, id, &results)
                }
            }
        } catch {
            for job in jobs {
                failed(job, job.name, id, error, &results)
                // A directory that comes in its place may have been walked already.
                if error.meaning == .gone, job.marks.contains(.recheck) { results.unseen.append(job.name) }
            }
        }
        let changed = results.changedNames
        finish(results, walk)
        depart(node, path, arrival, changed: changed)
    }

    private func leave(_ job: FileJob, _ results: inout Results) {
        results.ended.append(job)
        if job.marks.contains(.recheck) { results.unseen.append(job.name) }
    }

    private func hash(
        _ job: FileJob, in directory: OpenDirectory, _ id: DirectoryID, _ results: inout Results
    ) {
        let name = job.name
        var job = job
        if job.marks.contains(.recheck), mirror.beginRecheck(job.origin, job.path) {
            job.marks.insert(.written)
        }
        do throws(SystemError) {
            let file = try directory.descriptor.open(name, fileFlags)
            let status = try file.status()
            if status.kind == .regular {
                try hash(file, status.identity, job, name, id, &results)
            } else {
                results.changes.append(.remove(directory: id, name: name))
                results.ended.append(job)
            }
        } catch {
            failed(job, name, id, error, &results)
        }
    }

    private func hash(
        _ file: borrowing Descriptor, _ identity: FileIdentity, _ job: FileJob, _ name: RawName,
        _ id: DirectoryID, _ results: inout Results
    ) throws(SystemError) {
        // Somebody else was faster.
        if !job.marks.contains(.written), let known = mirror.index.entry(directory: id, name: name),
            known.identity == identity
        {
            results.ended.append(job)
            return
        }
        if isWriting(job, name, identity) {
            // When it is closed we are told.
            results.changes.append(.remove(directory: id, name: name))
            results.ended.append(job)
            return
        }
        if let wait = identity.settleTime(restTime(of: job), at: mirror.clock.now()) {
            return putBackYoung(job, name, identity, id, wait, &results)
        }
        func publish(_ digest: Digest, _ identity: FileIdentity) {
            guard isShared(job) else { return leave(job, &results) }
            results.ended.append(job)
            results.changes.append(
                .insert(directory: id, name: name, digest: digest, identity: identity, flags: []))
        }
        let volume = mirror.volumes.volume(of: file, device: identity.device)
        // Another name of the same inode may have been hashed meanwhile: mirrors are full of hard links.
        if !job.marks.contains(.distrusted), identity.size > Limits.sizeClasses[0],
            let digest = mirror.cache.trustedRows([identity], on: volume)[0]
        {
            return publish(digest, identity)
        }
        let outcome = try ContentHasher.hash(file, identity, with: hasher, buffer: chunkBuffer) { offset in
            giveWay(job, at: offset)
        }
        switch outcome {
        case .stopped:
            // At the end of the daemon nothing is done with, least of all the pass.
            if !mirror.isStopping { results.ended.append(job) }
        case .changed:
            putBackChanged(job, name, id, &results)
        case .digest(let digest):
            results.hashedFiles += 1
            results.hashedBytes += identity.size
            job.walk.noteHashed()
            switch try mirror.cache.keep(digest, of: file, hashed: identity, on: volume) {
            case .changed: putBackChanged(job, name, id, &results)
            case .kept(let identity, let attributesWritten, _):
                if attributesWritten {
                    mirror.count { $0.attributesWritten += 1 }
                    touchLinks(name, job.block.directory)
                }
                publish(digest, identity)
            }
        }
    }

    /// Whether a file that no walk waits for still belongs to the mirror: it may have been queued under
    /// another root, or by another filter, and no pass would come after it to take it out again.
    private func isShared(_ job: FileJob) -> Bool {
        if job.walk.isWhole, !job.marks.contains(.recheck) { return true }
        let (dropIn, root) = job.origin.state.withLock { ($0.dropIn, $0.root) }
        return root == job.walk.rootIdentity && dropIn.accepts(job.path)
    }

    private func isWriting(_ job: FileJob, _ name: RawName, _ identity: FileIdentity) -> Bool {
        guard let table = mirror.watches, let watch = job.block.directory.watch else { return false }
        return table.isWriting(watch, name, size: identity.size)
    }

    /// How long nobody must have written a file, in nanoseconds: the less, the more is known of it.
    private func restTime(of job: FileJob) -> Int64 {
        guard let watch = job.block.directory.watch, mirror.isWatched(watch) else { return Limits.settleTime }
        switch job.walk.scope {
        case .whole: return Limits.settleTime
        case .below: return Limits.pause
        case .names: return 0
        }
    }

    // MARK: - Not now

    private func putBackYoung(
        _ job: FileJob, _ name: RawName, _ identity: FileIdentity, _ id: DirectoryID, _ wait: UInt64,
        _ results: inout Results
    ) {
        // What is known of other content is not true any more, and not to be listed for as long as it takes.
        if let known = mirror.index.entry(directory: id, name: name),
            !known.identity.sameContent(as: identity)
        {
            results.changes.append(.remove(directory: id, name: name))
        }
        var job = job
        job.waits = min(job.waits + 1, 100)
        // A file that is written all the time is looked at ever more seldom.
        let delay = job.waits == 1 ? wait : max(wait, backOff(job.waits))
        putBack(job, after: delay, &results)
    }

    private func putBackChanged(_ job: FileJob, _ name: RawName, _ id: DirectoryID, _ results: inout Results)
    {
        mirror.count { $0.changedWhileHashed += 1 }
        var job = job
        job.tries += 1
        job.marks.insert(.distrusted)
        results.changes.append(.remove(directory: id, name: name))
        if job.tries < Limits.hashTries {
            putBack(job, after: backOff(job.tries), &results)
        } else {
            give(up: job, "changes while it is read", &results)
        }
    }

    /// Queues a file for later. A pass waits for one such time, then it ends without the file; a file that
    /// is never at rest must not keep the daemon loading.
    private func putBack(_ job: FileJob, after delay: UInt64, _ results: inout Results) {
        var job = job
        if job.marks.contains(.counts), job.waits + job.tries > 1 {
            guard mirror.adoptAsRecheck(job.origin, job.path, isWritten: false) else {
                // Somebody else looks after it already, or too many files change: the next pass will tell.
                results.ended.append(job)
                return
            }
            job.marks.remove(.counts)
            job.marks.insert([.recheck, .distrusted])
            results.released += 1
        }
        results.later.append((job, delay))
    }

    // MARK: - Not at all

    private func failed(
        _ job: FileJob, _ name: RawName, _ id: DirectoryID, _ error: SystemError, _ results: inout Results
    ) {
        if error.meaning == .shortage, job.tries < Limits.shortageTries {
            var job = job
            job.tries += 1
            results.later.append((job, backOff(job.tries)))
            return
        }
        // It is queued because it is not what the index has: what that has goes, whatever the reason.
        results.changes.append(.remove(directory: id, name: name))
        if error.meaning == .gone {
            results.ended.append(job)
        } else {
            give(up: job, error.code.sentence, passing: error.isPassing, &results)
        }
    }

    private func give(up job: FileJob, _ reason: String, passing: Bool = false, _ results: inout Results) {
        if job.marks.contains(.counts) {
            job.walk.noteUnreadable("\(job.path): \(reason)", passing: passing)
        } else {
            if passing { scheduleRescan(job.origin, after: .fault) }
            mirror.logger.debug(
                "A file cannot be shared", metadata: ["path": "\(job.path)", "reason": "\(reason)"])
        }
        results.ended.append(job)
    }

    // MARK: - The end

    private func finish(_ results: Results, _ walk: Walk) {
        let origin = walk.origin
        mirror.apply(results.changes, of: origin)
        for (job, delay) in results.later { mirror.push(.file(job), after: delay) }
        if results.hashedFiles > 0 {
            mirror.count { counters in
                counters.filesHashed += results.hashedFiles
                counters.bytesHashed += results.hashedBytes
            }
        }
        origin.progress.withLock { progress in
            progress.hashedFiles += results.hashedFiles
            progress.hashedBytes += results.hashedBytes
            progress.pendingFiles -= results.ended.count
            for job in results.ended { progress.pendingBytes -= job.size }
        }
        var counted = results.released
        for job in results.ended {
            if job.marks.contains(.counts) { counted += 1 }
            if job.marks.contains(.recheck) {
                let path = job.path
                mirror.endRecheck(origin, path)
                // Where the root is another one now, the path may mean another file.
                if origin.state.withLock({ $0.root }) != walk.rootIdentity {
                    mirror.recheck(origin: origin.id, path: path)
                }
            }
        }
        let unseen = Dictionary(results.unseen.map { ($0, NoteTable.Marks.written) }) { one, _ in one }
        if !unseen.isEmpty { mirror.note(unseen, in: results.directory, of: origin.id) }
        endFiles(walk, counted)
    }
}
