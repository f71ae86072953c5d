internal import PassimCore

/// What waits in one origin: listing before hashing, small files before large ones.
struct OriginQueue {
    let origin: Origin
    /// What this origin has been given, in bytes or their like: the one with the least is next.
    var turn: UInt64

    private var pass = false
    private var root = false
    private var names = false
    private var looks = ChunkedQueue<RawName>()
    private var batches = ChunkedQueue<BatchJob>()
    /// Last in, first out: depth first keeps it short, and a child finds its parent still open.
    private var directories: [DirectoryJob] = []
    private var files = [ChunkedQueue<FileJob>](
        repeating: ChunkedQueue(), count: Limits.sizeClasses.count)

    init(origin: Origin, turn: UInt64) {
        self.origin = origin
        self.turn = turn
    }

    var isEmpty: Bool { !hasSmallWork && files.allSatisfy(\.isEmpty) }

    /// Anything but large files.
    var hasSmallWork: Bool {
        pass || root || names || !looks.isEmpty || !batches.isEmpty || !directories.isEmpty
            || !files[0].isEmpty
            || !files[1].isEmpty
    }

    mutating func pushPass() { pass = true }
    mutating func pushRoot() { root = true }
    mutating func pushNames() { names = true }
    mutating func push(_ path: RawName) { looks.append(path) }
    mutating func push(_ job: BatchJob) { batches.append(job) }
    mutating func push(_ job: DirectoryJob) { directories.append(job) }
    mutating func push(_ job: FileJob) {
        // The last class has no bound.
        files[Limits.sizeClasses.firstIndex { job.size <= $0 }!].append(job)
    }

    /// Takes the next turn's work and charges it.
    mutating func pop() -> Work? {
        if pass {
            pass = false
            charge(1 << 20)
            return .pass(origin)
        }
        if root {
            root = false
            charge(1 << 16)
            return .root(origin)
        }
        if names {
            names = false
            charge(1 << 20)
            return .names(origin)
        }
        if let path = looks.popFirst() {
            charge(1 << 16)
            return .look(origin, path)
        }
        if let batch = batches.popFirst() {
            charge(UInt64(batch.block.count) << 13)
            return .batch(batch)
        }
        if let directory = directories.popLast() {
            charge(1 << 16)
            return .directory(directory)
        }
        guard let index = files.firstIndex(where: { !$0.isEmpty }), let first = files[index].popFirst()
        else { return nil }
        var jobs = [first]
        charge(first.size + 1 << 15)
        if index == 0 {
            while jobs.count < Limits.filesPerTurn, let next = files[0].first, next.block === first.block {
                jobs.append(next)
                charge(next.size + 1 << 15)
                _ = files[0].popFirst()
            }
        }
        return .files(jobs)
    }

    private mutating func charge(_ cost: UInt64) {
        turn &+= cost
    }
}
