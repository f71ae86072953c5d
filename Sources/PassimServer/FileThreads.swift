// Threads that wait for disks, so that no reactor does. Each file system has its own, a few, and its own queue: where
// one hangs, its threads hang with it, and nobody else's.

internal import PassimCore
internal import PassimSystem

final class FileThreads: Sendable {
    /// How much may wait for one file system.
    struct Limits: Sendable {
        /// Threads of one file system: as many reads as a disk can put in order at a time.
        var threads = 16
        /// Past so many of all file systems, one gets `fewThreads`: some that hang must not use up what the process
        /// may have.
        var allThreads = 96
        var fewThreads = 2
        /// Requests that wait for a thread. Reads of responses that are under way come beside them: there is one a
        /// connection at most.
        var waiting = 1024
        /// Nanoseconds in which none of all threads has come back: the file system hangs.
        var patience: UInt64 = 5_000_000_000
        /// Nanoseconds that a thread without work stays.
        var idle: UInt64 = 5_000_000_000
    }

    /// Work for a thread; its caller cancels it when it is of no more use.
    final class Job: Sendable {
        fileprivate let device: UInt64
        fileprivate let body: @Sendable () -> Void

        fileprivate init(_ device: UInt64, _ body: @escaping @Sendable () -> Void) {
            self.device = device
            self.body = body
        }
    }

    private struct Lane {
        let eventCount = EventCount()
        var jobs: [Job] = []
        var threads = 0
        /// Threads that wait for jobs.
        var idle = 0
        /// When a job ended, or came as the only one.
        var progress: UInt64 = 0

        var busy: Int { threads - idle }
    }

    private struct State {
        var lanes: [UInt64: Lane] = [:]
        var threads = 0
        var isEnded = false
    }

    private let limits: Limits
    private let state = Lock(State())

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Threads of now, and how many of them are at work.
    var counts: (threads: Int, busy: Int) {
        state.withLock { state in
            state.lanes.values.reduce((0, 0)) { ($0.0 + $1.threads, $0.1 + $1.busy) }
        }
    }

    /// Has a thread of a file system do something that may take as long as it likes.
    ///
    /// - Parameter device: of the file system, st_dev of stat(2).
    /// - Parameter isUnderWay: a response has begun: it is not refused because many wait.
    /// - Returns: nil where too many wait already, or the file system hangs.
    func begin(
        on device: UInt64, isUnderWay: Bool = false, _ body: @escaping @Sendable () -> Void
    ) -> Job? {
        let job = Job(device, body)
        return add(job, limit: isUnderWay ? .max : limits.waiting) ? job : nil
    }

    /// Closes a descriptor: what close(2) does waits with some file systems (FUSE), or has the last name's file deleted
    /// only now.
    func close(_ file: consuming Descriptor, on device: UInt64) {
        let number = file.release()
        // After `end()` it stays open: better than a reactor that waits.
        _ = add(Job(device) { _ = Descriptor(owning: number) }, limit: .max)
    }

    /// Nobody waits for it any more: it is not begun, if it has not been.
    func cancel(_ job: Job) {
        state.withLock { state in
            guard let place = state.lanes[job.device]?.jobs.firstIndex(where: { $0 === job }) else { return }
            state.lanes[job.device]!.jobs.remove(at: place)
        }
    }

    /// For good: threads end when they come back, and do nothing more. Those that do not come back are left behind.
    func end() {
        let eventCounts = state.withLock { state in
            state.isEnded = true
            for device in state.lanes.keys { state.lanes[device]!.jobs = [] }
            return state.lanes.values.map(\.eventCount)
        }
        for eventCount in eventCounts { eventCount.notify(all: true) }
    }

    /// True if a thread's results are of use to nobody.
    var hasEnded: Bool { state.withLock { $0.isEnded } }

    // MARK: - Threads

    private enum Step {
        case notify(EventCount)
        case spawn(EventCount)
        /// One that is at work will come to it.
        case none
        case refuse
    }

    private func add(_ job: Job, limit: Int) -> Bool {
        let now = monotonicNanoseconds()
        let step: Step = state.withLock { state in
            if state.isEnded { return .refuse }
            var lane = state.lanes[job.device] ?? Lane()
            defer { state.lanes[job.device] = lane }
            let most = state.threads < limits.allThreads ? limits.threads : limits.fewThreads
            if limit < .max {
                let hangs = lane.busy >= most && now > lane.progress + limits.patience
                if hangs || lane.jobs.count >= limit { return .refuse }
            }
            if lane.busy == 0 { lane.progress = now }
            lane.jobs.append(job)
            if lane.idle >= lane.jobs.count { return .notify(lane.eventCount) }
            guard lane.threads < most else { return lane.idle > 0 ? .notify(lane.eventCount) : .none }
            lane.threads += 1
            state.threads += 1
            return .spawn(lane.eventCount)
        }
        switch step {
        case .notify(let eventCount): eventCount.notify()
        case .spawn(let eventCount): return spawn(for: job, keepsIt: limit == .max, eventCount)
        case .none: break
        case .refuse: return false
        }
        return true
    }

    private func spawn(for job: Job, keepsIt: Bool, _ eventCount: EventCount) -> Bool {
        let device = job.device
        do throws(SystemError) {
            _ = try SystemThread(name: "file") { [self] in work(device, eventCount) }
            return true
        } catch {
            // The limit of threads: others of this file system do it, where there are any, or the next one.
            return state.withLock { state in
                state.threads -= 1
                state.lanes[device]!.threads -= 1
                if keepsIt || state.lanes[device]!.threads > 0 { return true }
                state.lanes[device]!.jobs.removeAll { $0 === job }
                return false
            }
        }
    }

    private enum Turn {
        case job(Job)
        case wait
        case end
    }

    private func work(_ device: UInt64, _ eventCount: EventCount) {
        var idleSince: UInt64?
        while true {
            let ticket = eventCount.ticket()
            let now = monotonicNanoseconds()
            let turn: Turn = state.withLock { next(&$0, device, idleSince: idleSince, now) }
            switch turn {
            case .job(let job):
                idleSince = nil
                job.body()
                let end = monotonicNanoseconds()
                state.withLock { $0.lanes[device]!.progress = end }
            case .wait:
                let since = idleSince ?? now
                idleSince = since
                eventCount.wait(after: ticket, until: since + limits.idle)
            case .end: return
            }
        }
    }

    /// - Parameter idleSince: when the thread began to wait; nil where it comes from a job.
    private func next(_ state: inout State, _ device: UInt64, idleSince: UInt64?, _ now: UInt64) -> Turn {
        var lane = state.lanes[device]!
        var isGone = false
        defer { state.lanes[device] = isGone ? nil : lane }
        let wasIdle = idleSince != nil
        if !state.isEnded, !lane.jobs.isEmpty {
            if wasIdle { lane.idle -= 1 }
            return .job(lane.jobs.removeFirst())
        }
        if state.isEnded || idleSince.map({ now >= $0 + limits.idle }) ?? false {
            if wasIdle { lane.idle -= 1 }
            lane.threads -= 1
            state.threads -= 1
            isGone = lane.threads == 0 && lane.jobs.isEmpty
            return .end
        }
        if !wasIdle { lane.idle += 1 }
        return .wait
    }
}
