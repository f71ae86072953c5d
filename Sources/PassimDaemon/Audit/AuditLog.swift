package import Logging
package import PassimConfig
package import PassimCore
package import PassimSystem

/// The audit log: who published, who got, what was deleted. Serving threads leave a record under a lock; a
/// thread of its own makes lines of them and writes them in batches, some hundredths of a second late.
///
/// When the disk stalls, records are kept up to a limit and then dropped, which is said once.
package final class AuditLog: Sendable {
    private struct Queue {
        var records: [AuditRecord] = []
        var dropped: UInt64 = 0
        var clients: LogClients
        var rotation: AuditRotation
        var isStopping = false
        var wantsReopening = false
    }

    private let queue: Lock<Queue>
    private let eventCount = EventCount()
    private let thread = Lock<SystemThread?>(nil)
    private let written = Lock<AuditMark?>(nil)
    private let failure = Lock<String?>(nil)
    private let held: HeldLines
    private let path: String
    private let logger: Logger
    private let limit: Int
    private let holding: UInt64

    /// Nanoseconds from the first record to its line.
    private static let delay: UInt64 = 20_000_000
    /// Until what could not be written is tried again.
    private static let retryDelay: UInt64 = 1_000_000_000
    /// Between two complaints about lost lines.
    private static let complaintDelay: UInt64 = 60_000_000_000

    /// - Parameter path: the directory is made where it is missing.
    /// - Parameter limit: records that wait, of some 100 bytes each.
    /// - Parameter holding: how long repeats gather in one line, in nanoseconds.
    package init(
        path: String, clients: LogClients, rotation: AuditRotation = .never, logger: Logger,
        limit: Int = 65536, holding: UInt64 = 60_000_000_000
    ) {
        self.path = path
        self.holding = holding
        self.logger = logger
        self.limit = limit
        held = HeldLines(log: path)
        queue = Lock(Queue(clients: clients, rotation: rotation))
    }

    /// How much of addresses is written from now on.
    package var clients: LogClients {
        get { queue.withLock { $0.clients } }
        set { queue.withLock { $0.clients = newValue } }
    }

    /// When the log becomes an old one, from now on.
    package var rotation: AuditRotation {
        get { queue.withLock { $0.rotation } }
        set { queue.withLock { $0.rotation = newValue } }
    }

    /// How far it is written; nil where it is not, or is no regular file.
    package var mark: AuditMark? { written.withLock { $0 } }

    /// Why it cannot be written now; nil where it can.
    package var problem: String? { failure.withLock { $0 } }

    /// Writes what a process that was killed has left to be written; before `start`.
    package func recover() {
        do throws(SystemError) {
            let lines = try held.left()
            let writer = AuditWriter(path: path, logger: logger)
            for line in lines { writer.add(line) }
            // Lines that cannot be written now stay for the next start.
            guard writer.flush() else { return }
            try held.store([], after: nil)
        } catch {
            logger.warning("\(path).held cannot be read: \(error)")
        }
    }

    package func start() throws(SystemError) {
        let started = try SystemThread(name: "audit") { [self] in work() }
        thread.withLock { $0 = started }
    }

    /// Writes what there is and ends the thread. What is recorded later is lost.
    package func stop() {
        queue.withLock { $0.isStopping = true }
        eventCount.notify()
        let started = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        started?.join()
    }

    /// The file has been renamed: what follows goes to a new one. Returns at once.
    package func reopen() {
        queue.withLock { $0.wantsReopening = true }
        eventCount.notify()
    }

    package func record(published item: ItemDescription) {
        append(item.digest, item.filename, item.size, .published(cmdline: item.cmdline))
    }

    /// - Parameter delivery: the one that has completed a share, of a file's size.
    package func record(share delivery: Delivery) {
        append(
            delivery.entry.digest, delivery.filename, delivery.entry.identity.size, .shared(delivery.address))
    }

    package func record(deleted digest: Digest, filename: RawName) {
        append(digest, filename, 0, .deleted)
    }

    /// On serving threads.
    @inline(__always)
    private func append(_ digest: Digest, _ basename: RawName, _ size: UInt64, _ event: AuditRecord.Event) {
        let record = AuditRecord(
            time: wallClockSeconds(), digest: digest, basename: basename, size: size, event: event)
        let count = queue.withLock { queue -> Int in
            guard queue.records.count < limit else {
                queue.dropped += 1
                return 0
            }
            queue.records.append(record)
            return queue.records.count
        }
        // The first of a batch starts the clock, and half of what fits ends the wait.
        if count == 1 || count == limit / 2 { eventCount.notify() }
    }

    // MARK: - The thread

    private func work() {
        let writer = AuditWriter(path: path, rotation: rotation, logger: logger)
        var repeats = AuditRepeats(holding: holding)
        writer.flush()
        note(writer)
        /// When what there is will be written; nil: there is nothing.
        var flushAt: UInt64?
        var complainedAt: UInt64?
        var lastCount = 0
        while true {
            let ticket = eventCount.ticket()
            let now = monotonicNanoseconds()
            let (count, isStopping, isReopening) = look()
            if count > 0, flushAt == nil { flushAt = now + AuditLog.delay }
            let isUrgent = isStopping || isReopening || (count >= limit / 2 && !writer.hasPending)
            // Unwritten lines are tried again at their time, and not before.
            let at = writer.hasPending ? flushAt : [flushAt, repeats.nextDue].compactMap { $0 }.min()
            guard isUrgent || at.map({ $0 <= now }) ?? false else {
                eventCount.wait(after: ticket, until: at)
                continue
            }
            let isFlushed = flush(writer, &repeats, &lastCount, at: isStopping ? .max : now)
            flushAt = isFlushed ? nil : now + AuditLog.retryDelay
            if isReopening { writer.reopen() }
            note(writer)
            if isStopping {
                writer.finish(alsoLost: queue.withLock { UInt64($0.records.count) + $0.dropped })
                return
            }
            if flushAt == nil, complainedAt.map({ now - $0 >= AuditLog.complaintDelay }) ?? true,
                writer.sayLost()
            {
                complainedAt = now
            }
        }
    }

    private func note(_ writer: AuditWriter) {
        written.withLock { $0 = writer.mark }
        failure.withLock { $0 = writer.problem }
    }

    private func look() -> (count: Int, isStopping: Bool, isReopening: Bool) {
        queue.withLock { queue in
            defer { queue.wantsReopening = false }
            return (queue.records.count, queue.isStopping, queue.wantsReopening)
        }
    }

    /// - Parameter time: lines that are held until then are written.
    /// - Returns: false where something is left.
    private func flush(
        _ writer: AuditWriter, _ repeats: inout AuditRepeats, _ lastCount: inout Int, at time: UInt64
    ) -> Bool {
        // Unwritten lines come first; meanwhile the queue fills up to its limit.
        guard writer.flush() else { return false }
        // As large as the last one was, and not made while others wait for the lock.
        var records: [AuditRecord] = []
        records.reserveCapacity(min(limit, max(1024, lastCount)))
        let (clients, dropped) = queue.withLock { queue -> (LogClients, UInt64) in
            swap(&records, &queue.records)
            defer { queue.dropped = 0 }
            writer.rotation = queue.rotation
            return (queue.clients, queue.dropped)
        }
        lastCount = records.count
        writer.add(dropped: dropped)
        let now = monotonicNanoseconds()
        for record in records {
            if let line = repeats.take(record, clients, at: now) { writer.add(line) }
        }
        for line in repeats.takeDue(at: time) { writer.add(line) }
        let isFlushed = writer.flush()
        // After them: who is killed in between has both, which `recover` sees, and not neither.
        if repeats.hasChanged, isFlushed {
            do throws(SystemError) {
                try held.store(repeats.lines, after: writer.mark?.place)
                repeats.hasChanged = false
            } catch {
                logger.debug("\(path).held cannot be written: \(error)")
            }
        }
        return isFlushed
    }
}
