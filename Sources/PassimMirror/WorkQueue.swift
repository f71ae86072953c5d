internal import PassimCore

/// All work that waits, with fair turns between the origins. A value: the mirror's lock guards it.
struct WorkQueue {
    private var queues: [OriginID: OriginQueue] = [:]
    private var delayed = DelayQueue<DelayedWork>()
    /// The turn of the origin that was served last: where one that comes (back) starts, so that it neither
    /// waits behind all that others were given before nor makes up for its absence.
    private var clock: UInt64 = 0

    /// When something is due that waits for its time.
    var nextDue: UInt64? { delayed.nextDue }

    mutating func push(_ work: DelayedWork) {
        let origin = work.origin
        if origin.isRemoved { return }
        switch work {
        case .pass: change(origin) { $0.pushPass() }
        case .rescan(_, let schedule): if schedule == origin.schedule { change(origin) { $0.pushPass() } }
        case .root: change(origin) { $0.pushRoot() }
        case .look(_, let path): change(origin) { $0.push(path) }
        case .names: change(origin) { $0.pushNames() }
        case .directory(let job): change(origin) { $0.push(job) }
        case .batch(let job): change(origin) { $0.push(job) }
        case .file(let job): change(origin) { $0.push(job) }
        }
    }

    mutating func push(_ jobs: [FileJob]) {
        guard let origin = jobs.first?.origin, !origin.isRemoved else { return }
        change(origin) { queue in
            for job in jobs { queue.push(job) }
        }
    }

    mutating func push(_ batches: [BatchJob], _ directories: [DirectoryJob], of origin: Origin) {
        if origin.isRemoved { return }
        change(origin) { queue in
            for batch in batches { queue.push(batch) }
            for directory in directories { queue.push(directory) }
        }
    }

    mutating func delay(_ work: DelayedWork, until due: UInt64) {
        if work.origin.isRemoved { return }
        delayed.insert(work, due: due)
    }

    /// - Parameter smallOnly: leave large files where they are.
    mutating func pop(now: UInt64, smallOnly: Bool = false) -> Work? {
        while let work = delayed.pop(now: now) { push(work) }
        var best: OriginID?
        var least = UInt64.max
        for (id, queue) in queues where queue.turn < least && (!smallOnly || queue.hasSmallWork) {
            best = id
            least = queue.turn
        }
        guard let best else { return nil }
        clock = least
        // In place: a copy of a queue would copy what it holds.
        let work = queues[best]!.pop()
        if queues[best]!.isEmpty { queues[best] = nil }
        return work
    }

    /// Forgets everything of an origin.
    mutating func drop(_ origin: Origin) {
        queues[origin.id] = nil
        delayed.removeAll { $0.origin === origin }
    }

    private mutating func change(_ origin: Origin, _ body: (inout OriginQueue) -> Void) {
        body(&queues[origin.id, default: OriginQueue(origin: origin, turn: clock)])
    }
}
