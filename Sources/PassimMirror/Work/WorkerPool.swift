// The workers' threads, and the one that looks whether they get on. A worker that waits for a file system which does not
// answer is replaced; its origin gets no further turns while two of its workers are stuck.

internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimSystem
internal import Synchronization

/// The part of a worker's thread that others may look at.
final class Heartbeat: Sendable {
    private let beats = Atomic<UInt64>(0)
    private let awake = Atomic<Bool>(false)
    private let state = Lock(State())

    private struct State {
        var turn: Origin?
        var isStuck = false
    }

    /// A step forward: called between system calls.
    func beat() { beats.add(1, ordering: .relaxed) }

    func begin(_ origin: Origin) {
        beat()
        state.withLock { $0 = State(turn: origin) }
    }

    /// - Returns: whether it had been taken for stuck.
    func end() -> Bool {
        state.withLock { state in
            defer { state = State() }
            return state.isStuck
        }
    }

    var count: UInt64 { beats.load(ordering: .relaxed) }
    /// Whether it has worked lately, and holds what it works with.
    var isAwake: Bool {
        get { awake.load(ordering: .sequentiallyConsistent) }
        set { awake.store(newValue, ordering: .sequentiallyConsistent) }
    }
    var isAtWork: Bool { state.withLock { $0.turn != nil } }

    /// - Returns: whose turn it is that makes no progress; nil where it has been said, or there is none.
    func setStuck() -> Origin? {
        state.withLock { state in
            guard let origin = state.turn, !state.isStuck else { return nil }
            state.isStuck = true
            return origin
        }
    }
}

final class WorkerPool: Sendable {
    private struct Member {
        let thread: SystemThread
        let heartbeat: Heartbeat
        var seen: UInt64 = 0
        /// Since when it has made no progress, in monotonic nanoseconds.
        var since: UInt64 = 0
    }

    private struct State {
        var members: [Member] = []
        var stuck = 0
        var started = 0
    }

    /// Nanoseconds between looks.
    private static let interval: UInt64 = 1_000_000_000

    private let mirror: Mirror
    private let state = Lock(State())
    private let minder = Lock<SystemThread?>(nil)
    private let eventCount = EventCount()

    private init(_ mirror: Mirror) {
        self.mirror = mirror
    }

    /// - Throws: when not even one thread can be had.
    static func start(_ mirror: Mirror, _ count: Int) throws(SystemError) -> WorkerPool {
        let pool = WorkerPool(mirror)
        for number in 0..<count {
            do throws(SystemError) {
                try pool.addWorker()
            } catch {
                if number == 0 { throw error }
                mirror.logger.warning("Fewer threads than wanted", metadata: ["threads": "\(number)"])
                break
            }
        }
        do throws(SystemError) {
            let thread = try SystemThread(name: "minder") { [weak pool] in
                while let pool, !pool.mirror.isStopping { pool.mind() }
            }
            pool.minder.withLock { $0 = thread }
        } catch {
            mirror.logger.warning(
                "No thread can be had to notice file systems that do not answer: is TasksMax= too low?",
                metadata: ["error": "\(error)"])
        }
        return pool
    }

    /// Waits for the threads, once the mirror is stopping.
    ///
    /// - Parameter deadline: monotonic nanoseconds; who has not ended by then is left behind.
    func stop(by deadline: UInt64) {
        eventCount.notify(all: true)
        let members = state.withLock { $0.members }
        var left = 0
        for member in members where !member.thread.join(by: deadline) { left += 1 }
        _ = minder.withLock { $0 }?.join(by: deadline)
        if left > 0 {
            mirror.logger.warning(
                "Threads still wait for a file system: ending without them", metadata: ["threads": "\(left)"])
        }
    }

    private func addWorker() throws(SystemError) {
        let heartbeat = Heartbeat()
        let number = state.withLock { state in
            defer { state.started += 1 }
            return state.started
        }
        let thread = try SystemThread(name: "mirror-\(number)") { [mirror, weak self] in
            // Whoever downloads comes before whoever hashes. By more than a
            // step, Linux 6.18 was seen to leave one of two cores idle: by 5 half of the time.
            lowerThisThreadsPriority(by: 1)
            Worker(mirror, heartbeat).run { wasStuck in
                guard wasStuck else { return true }
                // Another one has its place.
                self?.remove(heartbeat)
                return false
            } onAwake: {
                self?.eventCount.notify()
            }
        }
        state.withLock { $0.members.append(Member(thread: thread, heartbeat: heartbeat)) }
    }

    private func remove(_ heartbeat: Heartbeat) {
        state.withLock { state in
            state.members.removeAll { $0.heartbeat === heartbeat }
            state.stuck -= 1
        }
    }

    // MARK: - On the minder's thread

    /// Sleeps while nobody is awake; else looks once a second.
    private func mind() {
        let ticket = eventCount.ticket()
        let isIdle = state.withLock { state in !state.members.contains { $0.heartbeat.isAwake } }
        if isIdle {
            if mirror.isStopping { return }
            eventCount.wait(after: ticket, until: nil)
            return
        }
        // Workers that wake up notify it, so that it is not the event count that is waited for, but the time.
        let due = monotonicNanoseconds() + WorkerPool.interval
        while !mirror.isStopping, monotonicNanoseconds() < due {
            eventCount.wait(after: eventCount.ticket(), until: due)
        }
        look(at: monotonicNanoseconds())
    }

    private func look(at now: UInt64) {
        let silent = state.withLock { state in
            var silent: [Heartbeat] = []
            for index in state.members.indices {
                let count = state.members[index].heartbeat.count
                if count != state.members[index].seen || !state.members[index].heartbeat.isAtWork {
                    state.members[index].seen = count
                    state.members[index].since = now
                } else if now - state.members[index].since >= Limits.stuckAfter {
                    silent.append(state.members[index].heartbeat)
                }
            }
            return silent
        }
        for heartbeat in silent {
            guard let origin = heartbeat.setStuck() else { continue }
            let isReplaced = state.withLock { state in
                state.stuck += 1
                return state.stuck <= Limits.stuckInAll
            }
            mirror.tellStuck(origin)
            if isReplaced { try? addWorker() }
        }
    }
}

extension Mirror {
    /// A turn of this origin makes no progress.
    fileprivate func tellStuck(_ origin: Origin) {
        let (isFirst, dropIn) = change { _, _ in
            origin.stuck += 1
            return (origin.stuck == 1, origin.dropIn)
        }
        guard isFirst else { return }
        logger.warning(
            "The file system of a directory does not answer; the others go on",
            metadata: ["path": "\(dropIn.path)", "drop-in": "\(dropIn.name)"])
        endFirstPass(of: [origin.id])
    }
}
