internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimCrypto
internal import PassimIndex
internal import PassimSystem

extension Worker {
    /// The results of one turn's files: index and state hear of all at once.
    private struct Results {
        let directory: DirectoryID
        /// Nil until the directory is open.
        var identities: Identities?
        var changes: [(change: Change, job: HashJob)] = []
        var outcomes: [(job: HashJob, outcome: HashOutcome)] = []
        /// Inodes of files with several names whose attributes were written.
        var touchedInodes: Set<UInt64> = []
        var hashedFiles = 0
        var vouchedFiles = 0
        var hashedBytes = ByteSum()
        var attributesWritten = 0
        var changedWhileHashed = 0

        mutating func end(_ job: HashJob, _ outcome: Outcome) { outcomes.append((job, .other(outcome))) }

        mutating func remove(_ job: HashJob) {
            changes.append((.remove(directory: directory, name: job.name), job))
        }
    }

    /// Hashes some small files of one directory, or a slice of a large one.
    func hash(_ turn: Turn, _ items: [HashItem]) {
        let node = items[0].job.node
        let path = path(of: node)
        var results = Results(directory: mirror.index.directory(origin: node.origin.id, path: path))
        do throws(SystemError) {
            let directory = try workPlace(node, path)
            results.identities = try identities(in: directory, node, path)
            let dropIn = mirror.look { _ in
                node.origin.rules == items[0].job.block.rules ? nil : node.origin.dropIn
            }
            for item in items {
                // At the end of the daemon nothing is done with, least of all the scan.
                if mirror.isStopping { return }
                heartbeat.beat()
                // It may have been queued by other rules.
                if let dropIn, !dropIn.accepts(path.appending(item.job.name)) {
                    results.remove(item.job)
                    results.end(item.job, .settled)
                } else {
                    hash(item, in: directory, &results)
                }
            }
        } catch {
            current = nil
            for item in items { failed(item.job, error, &results) }
        }
        if mirror.isStopping { return }
        finish(turn, items, &results)
    }

    private func hash(_ item: HashItem, in directory: OpenDirectory, _ results: inout Results) {
        do throws(SystemError) {
            let file = try directory.descriptor.open(item.job.name, fileFlags)
            let status = try file.status()
            if status.kind == .regular {
                try hash(file, status, item, &results)
            } else {
                results.remove(item.job)
                results.end(item.job, .settled)
            }
        } catch {
            failed(item.job, error, &results)
        }
    }

    private func hash(
        _ file: borrowing Descriptor, _ status: FileStatus, _ item: HashItem, _ results: inout Results
    ) throws(SystemError) {
        let (job, identities) = (item.job, results.identities!)
        let seen = identities.seen(status, job.name)
        let (identity, links) = (seen.identity, seen.links)
        func progress() -> HashProgress {
            HashProgress(identity, isToldByPath: identities.isToldByPath(identity))
        }
        if let progress = item.progress {
            // Written or replaced between two slices: what was read is worth nothing.
            guard progress.identity == identity, item.suspicion < .moved, item.writing != .modified else {
                return changed(job, identity, &results)
            }
            return try read(file, links, item, progress, &results)
        }
        let rest = mirror.look { _ in job.node.watch >= 0 } ? job.block.rest : Limits.settleTime
        let evidence = Evidence(
            found: .file(identity, links: links),
            known: mirror.index.entry(directory: results.directory, name: job.name)?.identity,
            suspicion: item.suspicion,
            writing: isUnnamed(status, job.name, job.node) ? .modified : item.writing,
            youth: identity.settleTime(rest, at: mirror.clock.now()))
        switch decide(evidence) {
        case .keep where job.isForced:
            try read(file, links, item, progress(), &results)
        case .leave:
            // When it is closed that is told.
            results.remove(job)
            results.end(job, .leave)
        case .wait(let delay, let forget):
            if forget { results.remove(job) }
            results.end(job, .wait(delay, size: identity.size))
        case .read:
            if links > 1, item.suspicion < .moved, !item.wasWritten,
                let digest = mirror.links.digest(of: identity)
            {
                return publish(digest, identity, item, cost: 0, &results)
            }
            if item.suspicion < .written, !item.wasWritten, let digest = mirror.cache.vouched(identity) {
                results.vouchedFiles += 1
                return try keep(digest, of: file, links, item, progress(), &results)
            }
            try read(file, links, item, progress(), &results)
        default:
            // Somebody else was faster.
            results.outcomes.append((job, .done(cost: 0)))
        }
    }

    /// Reads a slice.
    private func read(
        _ file: borrowing Descriptor, _ links: UInt64, _ item: HashItem, _ progress: HashProgress,
        _ results: inout Results
    ) throws(SystemError) {
        let started = mirror.clock.monotonic()
        let first = progress.offset
        let outcome = try ContentHasher.hash(file, progress, buffer: chunkBuffer) { offset in
            heartbeat.beat()
            if mirror.isStopping { return false }
            return offset - first < Limits.sliceBytes
                && mirror.clock.monotonic() - started < Limits.sliceTime
        }
        progress.cost += mirror.clock.monotonic() - started
        results.hashedBytes.add(progress.offset - first)
        switch outcome {
        case .more: results.outcomes.append((item.job, .sliced(progress)))
        case .changed: changed(item.job, progress.identity, &results)
        case .digest(let digest):
            results.hashedFiles += 1
            try keep(digest, of: file, links, item, progress, &results)
        }
    }

    private func keep(
        _ digest: Digest, of file: borrowing Descriptor, _ links: UInt64, _ item: HashItem,
        _ progress: HashProgress, _ results: inout Results
    ) throws(SystemError) {
        if mirror.isStopping { return }
        switch try mirror.cache.keep(
            digest, of: file, hashed: progress.identity, on: volume(of: file, progress.identity))
        {
        case .changed: changed(item.job, progress.identity, &results)
        case .kept(let identity, let attributesWritten, _):
            if attributesWritten {
                results.attributesWritten += 1
                if links > 1 { results.touchedInodes.insert(identity.inode) }
            }
            if links > 1 { mirror.links.note(identity, digest) }
            publish(digest, identity, item, cost: progress.cost, &results)
        }
    }

    private func publish(
        _ digest: Digest, _ identity: FileIdentity, _ item: HashItem, cost: UInt64, _ results: inout Results
    ) {
        let change = Change.insert(
            directory: results.directory, name: item.job.name, digest: digest, identity: identity,
            flags: results.identities?.flags(identity) ?? [])
        results.changes.append((change, item.job))
        results.outcomes.append((item.job, .done(cost: cost)))
    }

    private func changed(_ job: HashJob, _ identity: FileIdentity, _ results: inout Results) {
        results.changedWhileHashed += 1
        results.remove(job)
        results.end(job, .changed(size: identity.size))
    }

    private func failed(_ job: HashJob, _ error: SystemError, _ results: inout Results) {
        let reason = error.code.sentence
        switch decide(Evidence(found: Found(error))) {
        case .retry(let obstacle):
            // It is queued because it is not what the index has: what that has goes, but for a shortage of our own.
            if obstacle == .fault { results.remove(job) }
            results.end(job, .retry(obstacle, size: job.size, reason: reason))
        case .refuse:
            results.remove(job)
            results.end(job, .unreadable(reason))
        default:
            results.remove(job)
            results.end(job, .settled)
        }
    }

    // MARK: - The end

    private func finish(_ turn: Turn, _ items: [HashItem], _ results: inout Results) {
        let origin = turn.origin
        // Not published for a moment either.
        let written = mirror.look { $0.written(of: items) }
        let changes = results.changes.filter { change, job in
            if case .insert = change { return !written.contains(job.offset) }
            return true
        }.map(\.change)
        mirror.apply(changes, in: items[0].job.node)
        let (files, bytes) = (results.hashedFiles, results.hashedBytes)
        let vouched = results.vouchedFiles
        let (attributes, again) = (results.attributesWritten, results.changedWhileHashed)
        mirror.count { counters in
            counters.filesHashed += files
            counters.filesVouched += vouched
            counters.bytesHashed.add(saturating: bytes.clamped)
            counters.attributesWritten += attributes
            counters.changedWhileHashed += again
        }
        let outcomes = results.outcomes
        let changed = changes.compactMap(\.name)
        mirror.change { state, now in
            origin.progress.addHashed(files: files, bytes)
            if let scan = items[0].job.block.scan { scan.hashedFiles += files }
            state.endHash(turn, outcomes, changed: changed, now: now)
        }
        touchLinks(results.touchedInodes, origin)
    }
}
