// The watcher's thread: reads the events of inotify, hears of mounts, and has the state take them in. What they mean is
// the state's business; what is there is found out by the workers.

internal import Logging
internal import PassimCore
internal import PassimSystem
internal import Synchronization

final class Watcher: Sendable {
    private let mirror: Mirror
    private let wakeUp: WakeUp
    private let stopping = Atomic<Bool>(false)
    private let thread = Lock<SystemThread?>(nil)
    /// Rung at the end only.
    private let rest = EventCount()
    /// Rung when all events have been read that there were.
    private let read = EventCount()
    private let readings = Atomic<UInt64>(0)
    private let asked = Atomic<UInt64>(0)
    private let dropInDirectory: String?
    private let onDropIns: @Sendable (Set<RawName>) -> Void

    private enum Token: UInt64 {
        case wakeUp, events, mounts
    }

    /// Starts the thread, and waits until it is able to watch, or knows why it is not.
    ///
    /// - Parameter onDropIns: called on the thread.
    static func start(
        _ mirror: Mirror, dropIns: String?, onDropIns: @escaping @Sendable (Set<RawName>) -> Void
    ) throws(SystemError) -> Watcher {
        let watcher = Watcher(mirror, try WakeUp(), dropIns, onDropIns)
        let ready = EventCount()
        let ticket = ready.ticket()
        let thread = try SystemThread(name: "watcher") {
            do throws(SystemError) {
                let instance = try InotifyInstance()
                mirror.beganWatching(instance.inotify)
                watcher.followDropIns()
                ready.notify()
                watcher.run(instance)
                mirror.beganWatching(nil)
            } catch {
                mirror.cannotWatch(error)
                ready.notify()
            }
        }
        watcher.thread.withLock { $0 = thread }
        ready.wait(after: ticket, until: nil)
        return watcher
    }

    private init(
        _ mirror: Mirror, _ wakeUp: consuming WakeUp, _ dropIns: String?,
        _ onDropIns: @escaping @Sendable (Set<RawName>) -> Void
    ) {
        self.mirror = mirror
        self.wakeUp = wakeUp
        dropInDirectory = dropIns
        self.onDropIns = onDropIns
    }

    /// - Parameter deadline: until when to wait for the thread, in monotonic nanoseconds.
    func stop(by deadline: UInt64) {
        stopping.store(true, ordering: .relaxed)
        wakeUp.signal()
        rest.notify()
        read.notify(all: true)
        _ = thread.withLock { $0 }?.join(by: deadline)
    }

    /// Waits until all events have been read that happened before this was called.
    ///
    /// - Returns: false where that takes longer than a second.
    func readAll() -> Bool {
        // One reading may be on its way already, and have passed what matters.
        let wanted = asked.add(1, ordering: .sequentiallyConsistent).newValue
        let deadline = monotonicNanoseconds() + 1_000_000_000
        wakeUp.signal()
        rest.notify()
        while readings.load(ordering: .sequentiallyConsistent) < wanted {
            let ticket = read.ticket()
            if readings.load(ordering: .sequentiallyConsistent) >= wanted { return true }
            if stopping.load(ordering: .relaxed) || monotonicNanoseconds() >= deadline { return false }
            read.wait(after: ticket, until: deadline)
        }
        return true
    }

    private func run(_ instance: InotifyInstance) {
        // Without it mounts are found by rescans only.
        let mounts = try? MountTable()
        do throws(SystemError) {
            let poller = try Poller(capacity: 4) { [mirror] error in
                mirror.logger.warning(
                    "Waiting for changes of files failed, and is tried again", metadata: ["error": "\(error)"]
                )
            }
            try wakeUp.descriptor.lend { (number) throws(SystemError) in
                try poller.add(number, .input, token: Token.wakeUp.rawValue)
            }
            try poller.add(instance.descriptor, .input, token: Token.events.rawValue)
            if let mounts {
                try mounts.changes.lend { (number) throws(SystemError) in
                    try poller.add(number, .priority, token: Token.mounts.rawValue)
                }
            }
            var count = 0
            while !stopping.load(ordering: .relaxed) {
                count = try turn(poller, instance, mounts, waiting: count < Watcher.eventsPerTurn)
                if (1..<Watcher.eventsPerTurn).contains(count) {
                    let ticket = rest.ticket()
                    if asked.load(ordering: .relaxed) > readings.load(ordering: .relaxed) { continue }
                    rest.wait(after: ticket, until: monotonicNanoseconds() + Limits.watcherRest)
                }
            }
        } catch {
            mirror.cannotWatch(error)
        }
    }

    /// As many as the kernel's queue holds by default, so that it is emptied before anything else.
    private static let eventsPerTurn = 16384
    /// Events that the state takes in at a time: it is not locked for longer than that takes.
    private static let eventsPerLock = 256

    /// - Parameter waiting: not where there may be more events: the library has read them, so the descriptor does
    ///   not tell.
    /// - Returns: how many there were, `eventsPerTurn` at most.
    private func turn(
        _ poller: borrowing Poller, _ instance: InotifyInstance, _ mounts: MountTable?, waiting: Bool
    ) throws(SystemError) -> Int {
        let ready = try poller.wait(
            milliseconds: waiting ? pollMilliseconds(until: mirror.look { $0.dropInsDue }) : 0)
        for index in 0..<ready {
            switch Token(rawValue: poller.event(index).token) {
            case .wakeUp: wakeUp.clear()
            case .mounts:
                if let points = try? mounts?.changedPoints() { mirror.mountsChanged(points) }
            case .events, nil: break
            }
        }
        // Whoever has asked by now is answered by what is read from here on.
        let asked = asked.load(ordering: .sequentiallyConsistent)
        var count = 0
        var events: [InotifyEvent] = []
        var isEmpty = false
        while count < Watcher.eventsPerTurn, !isEmpty {
            events.removeAll(keepingCapacity: true)
            while events.count < Watcher.eventsPerLock, let event = instance.next() { events.append(event) }
            isEmpty = events.count < Watcher.eventsPerLock
            count += events.count
            if events.isEmpty { break }
            mirror.change { state, now in
                for event in events { state.take(event, now: now) }
            }
        }
        tell()
        if isEmpty {
            readings.store(asked, ordering: .sequentiallyConsistent)
            read.notify(all: true)
        }
        return count
    }

    /// Hands on what concerns others than the workers.
    private func tell() {
        let (findings, dueDropIns) = mirror.change { state, now in state.takeFindings(now: now) }
        if findings.overflow {
            mirror.logger.notice("Events were lost, as too much changed at once: all directories are scanned")
        }
        if findings.overflow || findings.followers.contains(.dropIns) { followDropIns() }
        if let dueDropIns { onDropIns(dueDropIns) }
    }

    /// It is among the private directories, and nobody shares it here.
    private func followDropIns() {
        guard let dropInDirectory else { return }
        _ = try? mirror.follow(
            dropInDirectory, .dropIns, by: PathWalk(PrivateDirectories(), trusting: nil), content: true)
    }
}

extension MirrorState {
    /// When the drop-ins are to be read, or to be looked at, in monotonic nanoseconds.
    fileprivate var dropInsDue: UInt64? {
        [dropInsReadAt, unfinishedDropIns.values.min()].compactMap { $0 }.min()
    }

    /// Findings for others than the workers since this was asked last.
    ///
    /// - Returns: and, where the drop-ins are to be read, those that somebody has begun to write.
    fileprivate mutating func takeFindings(now: UInt64) -> (Findings, Set<RawName>?) {
        expireDropIns(now: now)
        let found = findings
        findings = Findings()
        if found.dropIns || found.overflow || found.followers.contains(.dropIns) {
            dropInsReadAt = min(dropInsReadAt ?? .max, now + Limits.gatheringTime)
        }
        guard let due = dropInsReadAt, due <= now else { return (found, nil) }
        dropInsReadAt = nil
        return (found, Set(unfinishedDropIns.keys))
    }
}
