internal import PassimCore

/// The work that waits in one origin, with fair turns between its stages: a stage has a share of the time, not a rank, so that
/// neither a storm of events nor a file without end keeps the rest waiting.
struct OriginQueue {
    enum Item {
        case look(Node)
        case list(Node)
        case check(NameBlock, Visit)
        case hash([HashJob])
        case resume(HashJob, HashProgress)
    }

    /// Files of a class.
    fileprivate struct Files {
        var waiting = ChunkedQueue<HashJob>()
        /// Read in part; they take turns.
        var begun: [(job: HashJob, progress: HashProgress)] = []

        var isEmpty: Bool { waiting.isEmpty && begun.isEmpty }
    }

    private var looks = ChunkedQueue<Node>()
    private var blocks = ChunkedQueue<(NameBlock, Visit)>()
    /// Last in, first out: depth first keeps it short, and a child finds its parent still open.
    private var visits: [Node] = []
    private var files = [Files](repeating: Files(), count: HashJob.classes.count)
    private var scheduler: StrideScheduler

    /// Looks and visits have most of the time: how much there is to hash is known soon.
    private static let lookStage = 0
    private static let visitStage = 1
    private static let hashStages = 2

    init() {
        scheduler = StrideScheduler(weights: [64, 64] + HashJob.classes.map(\.weight))
    }

    var isEmpty: Bool { looks.isEmpty && blocks.isEmpty && visits.isEmpty && files.allSatisfy(\.isEmpty) }

    mutating func push(look node: Node) { looks.append(node) }
    mutating func push(list node: Node) { visits.append(node) }
    mutating func push(_ block: NameBlock, _ visit: Visit) { blocks.append((block, visit)) }
    mutating func push(_ job: HashJob) { files[job.sizeClass].waiting.append(job) }

    mutating func push(_ job: HashJob, _ progress: HashProgress) {
        files[job.sizeClass].begun.append((job, progress))
    }

    /// - Returns: what is next, and the stage to charge for it; nil where nothing waits.
    mutating func pop() -> (item: Item, stage: Int)? {
        let (looks, visits) = (!self.looks.isEmpty, !self.visits.isEmpty || !blocks.isEmpty)
        let waits = files.map { !$0.isEmpty }
        let stage = scheduler.next { stage in
            switch stage {
            case OriginQueue.lookStage: looks
            case OriginQueue.visitStage: visits
            default: waits[stage - OriginQueue.hashStages]
            }
        }
        guard let stage else { return nil }
        return (pop(stage), stage)
    }

    private mutating func pop(_ stage: Int) -> Item {
        switch stage {
        case OriginQueue.lookStage: return .look(looks.popFirst()!)
        case OriginQueue.visitStage:
            // Names that one listing found come before those of the next.
            if let (block, visit) = blocks.popFirst() { return .check(block, visit) }
            return .list(visits.popLast()!)
        default: return files[stage - OriginQueue.hashStages].pop(isSmallest: stage == OriginQueue.hashStages)
        }
    }

    mutating func charge(_ stage: Int, _ nanoseconds: UInt64) { scheduler.charge(stage, nanoseconds) }
    mutating func refund(_ stage: Int, _ nanoseconds: UInt64) { scheduler.refund(stage, nanoseconds) }
}

extension OriginQueue.Files {
    fileprivate mutating func pop(isSmallest: Bool) -> OriginQueue.Item {
        guard begun.count < Limits.begunFiles, let first = waiting.popFirst() else {
            let (job, progress) = begun.removeFirst()
            return .resume(job, progress)
        }
        var jobs = [first]
        if isSmallest {
            while jobs.count < Limits.filesPerTurn, let next = waiting.first, next.block === first.block {
                jobs.append(next)
                _ = waiting.popFirst()
            }
        }
        return .hash(jobs)
    }
}
