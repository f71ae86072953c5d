// Hash jobs: files to read, a slice at a time.

internal import PassimCore

/// The result of a hash job's turn.
enum HashOutcome {
    /// Read to its end, or nothing to be done. Nanoseconds that reading took; 0: it was not read.
    case done(cost: UInt64)
    /// More of it is to be read.
    case sliced(HashProgress)
    case other(Outcome)
}

extension MirrorState {
    /// Queues files to be hashed, which count as pending from now on.
    mutating func push(_ jobs: [HashJob], of origin: Origin) {
        if jobs.isEmpty || origin.isRemoved { return }
        for var job in jobs {
            job.isNamed = !job.node.names.isEmpty && job.node.names[job.name] != nil
            origin.queue.push(job)
            if !job.isNamed { job.node.waitingFiles += 1 }
            origin.progress.addPending(size: job.size)
            if job.isCounted, let scan = job.block.scan { scan.open += 1 }
        }
        setReady(origin)
    }

    /// - Returns: nil for a job of a directory that is gone.
    mutating func begin(_ job: HashJob, _ progress: HashProgress?, now: UInt64) -> HashItem? {
        let node = job.node
        if progress == nil, !job.isNamed { node.waitingFiles -= 1 }
        if node.isGone || !node.isEntered {
            endJob(job)
            return nil
        }
        let name = job.name
        // From here on it is told there what happens while the file is read: the attributes that are written, too.
        guard admit(name, in: node, now) else {
            return HashItem(
                job: job, progress: progress, suspicion: .none, wasWritten: job.isWritten, writing: .none)
        }
        let what = node.names[name]!
        clearWaiting(name, in: node)
        node.names[name]!.phase = .hashing
        node.names[name]!.suspicion = .none
        return HashItem(
            job: job, progress: progress, suspicion: what.suspicion,
            wasWritten: job.isWritten || what.wasWritten, writing: what.writing)
    }

    /// Files that were written since their turn began: what was read of them is worth nothing.
    func written(of items: [HashItem]) -> Set<UInt32> {
        var found: Set<UInt32> = []
        for item in items where !item.job.node.names.isEmpty {
            guard let what = item.job.node.names[item.job.name] else { continue }
            if what.suspicion >= .moved || what.writing == .modified { found.insert(item.job.offset) }
        }
        return found
    }

    /// - Parameter changed: names of which the index was told something.
    mutating func endHash(
        _ turn: Turn, _ outcomes: [(job: HashJob, outcome: HashOutcome)], changed: [RawName], now: UInt64
    ) {
        for (job, outcome) in outcomes {
            switch outcome {
            case .sliced(let progress):
                if turn.origin.isRemoved || job.node.isGone { endJob(job) } else { resume(job, progress) }
            case .done(let cost):
                settleRead(job, cost, now)
                endJob(job)
            case .other(let outcome):
                settle(job.name, in: job.node, outcome, scan: job.isCounted ? job.block.scan : nil, now: now)
                // The next job for it is another one.
                if job.isWritten { job.node.names[job.name]?.noteWriting() }
                endJob(job)
            }
        }
        guard let node = outcomes.first?.job.node else { return }
        for (job, outcome) in outcomes where !node.isGone {
            if case .sliced = outcome { continue }
            let name = job.name
            guard node.names[name]?.isWanted == true else { continue }
            node.names[name]!.isWanted = false
            mark(node, name, due: now + Limits.gatheringTime, now: now)
            settle(name, in: node, .settled, scan: nil, now: now)
        }
        checkRace(turn, node, changed: changed, seen: [], now: now)
    }

    private mutating func resume(_ job: HashJob, _ progress: HashProgress) {
        job.node.origin.queue.push(job, progress)
        setReady(job.node.origin)
    }

    /// A file that has been read, and how long it rests before it is read again.
    private mutating func settleRead(_ job: HashJob, _ cost: UInt64, _ now: UInt64) {
        let name = job.name
        if cost > 0 { job.node.names[name]?.noteReading() }
        if cost >= Limits.restlessCost, var what = job.node.names[name] {
            if what.readAt > 0 {
                what.rewrites = min(what.rewrites + 1, 100)
                if what.rewrites == Limits.restlessAfter { job.node.origin.restless += 1 }
            }
            (what.readAt, what.readCost) = (now, cost)
            job.node.names[name] = what
        }
        settle(name, in: job.node, .settled, scan: nil, now: now)
    }

    private mutating func endJob(_ job: HashJob) {
        let origin = job.node.origin
        origin.progress.endPending(size: job.size)
        if job.isCounted, let scan = job.block.scan { release(scan, of: origin) }
    }
}
