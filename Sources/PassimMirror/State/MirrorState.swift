// Everything that waits, and what is known of what is done: one tree of directories for each origin, one queue with fair
// turns, one set of timers. A state machine: it takes events and the ends of turns, gives out turns, and touches no file,
// no thread and no clock. The lock around it is held over nothing else, and no other lock is taken inside it.
//
// This file is the queue: what gets a turn next. Events, Visits, Names and Hashing are how work comes and ends.

internal import PassimCore
internal import PassimSystem

/// A piece of work for a worker.
struct Turn {
    let origin: Origin
    let work: Work
    /// The stage of the origin's queue to charge; nil: none.
    let stage: Int?
    /// The generation when it began: what happened since may have undone what it finds.
    let began: UInt64
    /// Monotonic nanoseconds.
    let started: UInt64

    enum Work {
        /// The configured path is followed to its directory.
        case root(isScan: Bool)
        case look(Look)
        case list(Visit)
        case check(NameBlock, Visit)
        case hash([HashItem])
        /// Other names of files.
        case links([UInt64: Origin.LinkChange])
        /// Unreadable files are to be told.
        case report
        case scanEnded(Scan)
    }
}

/// Names of a directory to look at.
struct Look {
    let node: Node
    let names: [(name: RawName, what: Unsettled)]
    /// Every change here is told.
    let isProven: Bool
}

struct HashItem {
    let job: HashJob
    let progress: HashProgress?
    let suspicion: Suspicion
    /// It was written before, and has not been read since.
    let wasWritten: Bool
    let writing: Writing
}

struct MirrorState {
    /// In the order of the configuration.
    var origins: [Origin] = []
    var failures: [FailedDropIn] = []
    var nextOrigin: UInt32
    var firstPass = FirstPass.notConfigured([])
    var watches = WatchMap()
    /// Drop-ins that somebody has begun to write, and when to stop waiting for the end, in monotonic nanoseconds.
    var unfinishedDropIns: [RawName: UInt64] = [:]
    /// When to read the drop-ins again, in monotonic nanoseconds.
    var dropInsReadAt: UInt64?
    var findings = Findings()
    /// Why a directory could not be watched last.
    var lastWatchFailure: SystemError.Code?
    /// Why nothing at all can be watched; nil where something can.
    var watchingFailure: String?

    /// +1 for each event, visit and loss.
    private(set) var generation: UInt64 = 1
    /// The generation at which events were lost last.
    private(set) var lost: UInt64 = 0
    /// How often things were pushed that a worker may be waiting for, since this was asked last.
    private var news = 0
    private var timers = DelayQueue<Timer>()
    private var ready: [Origin] = []
    /// Time used by the origin that was served last.
    private var served: UInt64 = 0
    /// Bytes that all unsettled names take.
    var nameBytes = 0
    /// Names in the `outside` of all nodes.
    var outsideCount = 0
    /// Workers that may be in one origin at a time.
    var turnsPerOrigin = Int.max
    let wall: @Sendable () -> Timestamp

    enum FirstPass {
        case notConfigured([@Sendable () -> Void])
        case running(Set<OriginID>, [@Sendable () -> Void])
        case done
    }

    /// News for the watcher's thread to hand on.
    struct Findings {
        /// Paths that may lead elsewhere now.
        var followers: Set<Follower> = []
        /// A drop-in has come, gone or been written.
        var dropIns = false
        /// Events were lost: anything may have changed.
        var overflow = false
    }

    private enum Timer {
        case soon(Node)
        case later(Node)
        case scan(Origin)
        case links(Origin)
        case report(Origin)
    }

    /// - Parameter wall: the time of day.
    init(firstOrigin: UInt32, wall: @escaping @Sendable () -> Timestamp) {
        nextOrigin = firstOrigin
        self.wall = wall
    }

    // MARK: - Turns

    /// When something is due that waits for its time, in monotonic nanoseconds.
    var nextDue: UInt64? { timers.nextDue }

    /// The next turn, which `end` must follow; nil where there is nothing to do now.
    mutating func next(now: UInt64) -> Turn? {
        fire(now)
        while let origin = nextOrigin(now) {
            let item = pop(origin, now)
            if !origin.hasWork {
                origin.isReady = false
                ready.removeAll { $0 === origin }
            }
            guard let (work, stage) = item else { continue }
            served = origin.used
            origin.running += 1
            charge(origin, stage, Limits.likelyTurn)
            return Turn(origin: origin, work: work, stage: stage, began: generation, started: now)
        }
        return nil
    }

    private func nextOrigin(_ now: UInt64) -> Origin? {
        var best: Origin?
        for origin in ready where origin.running < turnsPerOrigin && origin.stuck < Limits.stuckPerOrigin {
            if best.map({ origin.used < $0.used }) ?? true { best = origin }
        }
        return best
    }

    private mutating func pop(_ origin: Origin, _ now: UInt64) -> (Turn.Work, stage: Int?)? {
        if let scan = origin.endedScan {
            origin.endedScan = nil
            return (.scanEnded(scan), nil)
        }
        if origin.isRootDue, !origin.isRootBusy {
            origin.isRootDue = false
            origin.isRootBusy = true
            defer { origin.isScanWanted = false }
            return (.root(isScan: origin.isScanWanted), nil)
        }
        if origin.isReportDue {
            origin.isReportDue = false
            return (.report, nil)
        }
        if origin.areLinksDue {
            origin.areLinksDue = false
            defer { origin.linked = [:] }
            return (.links(origin.linked), nil)
        }
        while let (item, stage) = origin.queue.pop() {
            switch item {
            case .look(let node): if let look = beginLook(node) { return (.look(look), stage) }
            case .list(let node): if let visit = beginVisit(node) { return (.list(visit), stage) }
            case .check(let block, let visit): return (.check(block, visit), stage)
            case .hash(let jobs):
                let items = jobs.compactMap { begin($0, nil, now: now) }
                if !items.isEmpty { return (.hash(items), stage) }
            case .resume(let job, let progress):
                if let item = begin(job, progress, now: now) { return (.hash([item]), stage) }
            }
        }
        return nil
    }

    /// A turn has come to its end: the last that is told of it.
    mutating func end(_ turn: Turn, now: UInt64) {
        let origin = turn.origin
        origin.running -= 1
        let took = now > turn.started ? now - turn.started : 0
        if took > Limits.likelyTurn {
            charge(origin, turn.stage, took - Limits.likelyTurn)
        } else {
            let excess = Limits.likelyTurn - max(took, Limits.leastTurn)
            origin.used -= min(origin.used, excess)
            if let stage = turn.stage { origin.queue.refund(stage, excess) }
        }
        setReady(origin)
    }

    private func charge(_ origin: Origin, _ stage: Int?, _ nanoseconds: UInt64) {
        origin.used &+= nanoseconds
        if let stage { origin.queue.charge(stage, nanoseconds) }
    }

    /// Something of this origin can be done now.
    mutating func setReady(_ origin: Origin) {
        guard !origin.isRemoved, origin.hasWork else { return }
        news += 1
        if origin.isReady { return }
        origin.isReady = true
        origin.used = max(origin.used, served)
        ready.append(origin)
    }

    mutating func drop(_ origin: Origin) {
        origin.queue = OriginQueue()
        origin.isReady = false
        ready.removeAll { $0 === origin }
    }

    /// - Returns: how many workers there may be something new for, since this was asked last.
    mutating func takeNews() -> Int {
        defer { news = 0 }
        return news
    }

    @discardableResult
    mutating func advance() -> UInt64 {
        generation += 1
        return generation
    }

    mutating func noteLoss() {
        lost = advance()
    }

    // MARK: - Timers

    private mutating func fire(_ now: UInt64) {
        while let timer = timers.pop(now: now) {
            switch timer {
            case .soon(let node):
                if node.soonArmed > now { continue }
                node.soonArmed = .max
                queue(node, now)
            case .later(let node):
                if node.laterArmed > now { continue }
                node.laterArmed = .max
                expire(node, now)
                queue(node, now)
            case .scan(let origin):
                guard let due = origin.scanDue, due <= now else { continue }
                origin.scanDue = nil
                requestScan(origin, isAsked: false)
            case .links(let origin):
                origin.areLinksDue = !origin.linked.isEmpty
                origin.linksAt = now
                setReady(origin)
            case .report(let origin):
                origin.isReportDue = true
                setReady(origin)
            }
        }
    }

    /// Has a directory looked at, or visited, as far as that is due; else when it is.
    mutating func queue(_ node: Node, _ now: UInt64) {
        if node.isGone || node.origin.isRemoved || node.isBusy { return }
        var soon = UInt64.max
        if node.whole != .none, !node.isVisitQueued {
            if node.wholeDue <= now {
                node.isVisitQueued = true
                node.origin.queue.push(list: node)
                setReady(node.origin)
            } else {
                soon = node.wholeDue
            }
        }
        if !node.dirty.isEmpty, !node.isLookQueued {
            if node.lookDue <= now {
                node.isLookQueued = true
                node.origin.queue.push(look: node)
                setReady(node.origin)
            } else {
                soon = min(soon, node.lookDue)
            }
        }
        if soon < node.soonArmed {
            node.soonArmed = soon
            schedule(.soon(node), due: soon)
        }
    }

    /// Has names of a directory looked at when they are due.
    mutating func arm(_ node: Node, at due: UInt64) {
        if due >= node.laterArmed { return }
        node.laterArmed = due
        schedule(.later(node), due: due)
    }

    mutating func armScan(_ origin: Origin, at due: UInt64) {
        origin.scanDue = due
        schedule(.scan(origin), due: due)
    }

    mutating func armLinks(_ origin: Origin, _ now: UInt64) {
        // The first at once, and then seldom: one takes 20 ms for a million files.
        let due = max(now + Limits.gatheringTime, origin.linksAt + Limits.nameSearchDelay)
        schedule(.links(origin), due: due)
    }

    mutating func armReport(_ origin: Origin, _ now: UInt64) {
        schedule(.report(origin), due: now + Limits.reportDelay)
    }

    private mutating func schedule(_ timer: Timer, due: UInt64) {
        // A worker that waits for a later time is to be woken.
        if due < timers.nextDue ?? .max { news += 1 }
        timers.insert(timer, due: due)
    }

    mutating func forgetTimers(of origin: Origin) {
        timers.removeAll { timer in
            switch timer {
            case .soon(let node), .later(let node): node.origin === origin
            case .scan(let other), .links(let other), .report(let other): other === origin
            }
        }
    }
}
