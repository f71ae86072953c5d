// The watcher's thread: reads the events of inotify, hears of mounts, and tells the mirror where to look.
// What the events mean is WatchTable's; what is there is found out by the workers.

internal import PassimCore
internal import PassimSystem
internal import Synchronization

final class Watcher: Sendable {
    private let wakeUp: WakeUp
    private let stopping = Atomic<Bool>(false)
    private let thread = Lock<SystemThread?>(nil)
    /// Rung at the end only.
    private let rest = Doorbell()

    private enum Token: UInt64 {
        case wakeUp, events, mounts
    }

    /// Starts the thread, and waits until it is able to watch, or knows why it is not.
    ///
    /// - Parameter report: called on the thread.
    static func start(_ report: any WatchReport) throws(SystemError) -> Watcher {
        let watcher = Watcher(wakeUp: try WakeUp())
        let ready = Doorbell()
        let ticket = ready.ticket()
        let thread = try SystemThread(name: "watcher") {
            do throws(SystemError) {
                let instance = try InotifyInstance()
                let table = WatchTable(instance.inotify) { [weak watcher] in watcher?.wakeUp.signal() }
                report.began(table, nil)
                ready.ring()
                watcher.run(instance, table, report)
                table.close()
            } catch {
                report.began(WatchTable(nil), error)
                ready.ring()
            }
        }
        watcher.thread.withLock { $0 = thread }
        ready.wait(after: ticket, until: nil)
        return watcher
    }

    private init(wakeUp: consuming WakeUp) {
        self.wakeUp = wakeUp
    }

    func stop() {
        stopping.store(true, ordering: .relaxed)
        wakeUp.signal()
        rest.ring()
        thread.withLock { $0 }?.join()
    }

    private func run(_ instance: InotifyInstance, _ table: WatchTable, _ report: any WatchReport) {
        // Without it mounts are found by rescans only.
        let mounts = try? MountTable()
        do throws(SystemError) {
            let poller = try Poller(capacity: 4) { report.troubled($0) }
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
                count = try turn(
                    poller, instance, table, mounts, report, waiting: count < Watcher.eventsPerTurn)
                if (1..<Watcher.eventsPerTurn).contains(count) {
                    rest.wait(after: 0, until: monotonicNanoseconds() + Limits.watcherRest)
                }
            }
        } catch {
            report.failed(error)
        }
    }

    /// As many as the kernel's queue holds by default, so that it is emptied before anything else.
    private static let eventsPerTurn = 16384

    /// - Parameter waiting: not where there may be more events: the library has read them, so the descriptor does
    ///   not tell.
    /// - Returns: how many there were, `eventsPerTurn` at most.
    private func turn(
        _ poller: borrowing Poller, _ instance: InotifyInstance, _ table: WatchTable, _ mounts: MountTable?,
        _ report: any WatchReport, waiting: Bool
    ) throws(SystemError) -> Int {
        let ready = try poller.wait(
            milliseconds: waiting ? milliseconds(until: report.nextDue(table)) : 0)
        let now = monotonicNanoseconds()
        for index in 0..<ready {
            switch Token(rawValue: poller.event(index).token) {
            case .wakeUp: wakeUp.clear()
            case .mounts: if let points = try? mounts?.changedPoints() { report.mountsChanged(points) }
            case .events, nil: break
            }
        }
        var count = 0
        while count < Watcher.eventsPerTurn, let event = instance.next() {
            table.take(event, now: now)
            count += 1
        }
        table.expire(now: now)
        report.tell(table, now: now)
        return count
    }

    private func milliseconds(until due: UInt64?) -> CInt {
        guard let due else { return -1 }
        let now = monotonicNanoseconds()
        return due <= now ? 0 : CInt(clamping: (due - now) / 1_000_000 + 1)
    }
}

/// Whom the watcher's thread tells, on that thread.
protocol WatchReport: Sendable {
    /// - Parameter failure: why nothing is watched.
    func began(_ table: WatchTable, _ failure: SystemError?)
    /// Watching has ended, and not because it was told to.
    func failed(_ failure: SystemError)
    /// Waiting for events has failed, and goes on.
    func troubled(_ failure: SystemError)
    /// Called after each go: hands on what the table has found.
    func tell(_ table: WatchTable, now: UInt64)
    func mountsChanged(_ points: Set<RawName>)
    /// When `tell` wants to be called without anything having happened, in monotonic nanoseconds.
    func nextDue(_ table: WatchTable) -> UInt64?
}
