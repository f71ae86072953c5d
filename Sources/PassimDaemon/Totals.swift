package import Logging
internal import PassimCore
package import PassimSystem
internal import Synchronization

/// Bytes the daemon sent, ever: a number that outlives it, and the rotation of the audit log.
package final class Totals: Sendable {
    private let bytes = Atomic<UInt64>(0)
    private let isUnsaved = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    private let eventCount = EventCount()
    private let thread = Lock<SystemThread?>(nil)
    private let before = Lock(Before())
    private let failure = Lock<String?>(nil)
    private let path: String
    private let auditLog: String
    private let mark: @Sendable () -> AuditMark?
    private let logger: Logger

    private struct Before {
        /// Parts of the audit log not counted yet.
        var parts: [AuditScan.Part] = []
        /// Saved total.
        var saved: TotalsFile?
        /// Bytes sent before this process, once the log is read: until then nothing is saved.
        var total: UInt64?
    }

    /// Bytes of the log that are read at once; more are read beside serving.
    private static let fewBytes: UInt64 = 1 << 22

    /// Nanoseconds from a change until it is saved, and until it is tried again.
    private static let delay: UInt64 = 2_000_000_000
    private static let retryDelay: UInt64 = 10_000_000_000

    /// - Parameter path: the directory is made where it is missing.
    /// - Parameter auditLog: read where there is no file of totals, or more than the file knows of.
    /// - Parameter mark: how far the audit log is written.
    package init(
        path: String, auditLog: String, logger: Logger, mark: @escaping @Sendable () -> AuditMark? = { nil }
    ) {
        self.path = path
        self.auditLog = auditLog
        self.mark = mark
        self.logger = logger
    }

    /// Bytes of files that were sent.
    package var downloadSaving: UInt64 { bytes.load(ordering: .relaxed) }

    /// Why the number cannot be saved now; nil where it can.
    package var problem: String? { failure.withLock { $0 } }

    /// From any thread; takes no lock.
    package func add(_ count: UInt64) {
        // In one order with `save`, which takes the flag first and the number then: of the two, one sees the other.
        bytes.add(saturating: count)
        guard !isUnsaved.load(ordering: .sequentiallyConsistent) else { return }
        if !isUnsaved.exchange(true, ordering: .sequentiallyConsistent) { eventCount.notify() }
    }

    // MARK: - The file

    /// Reads what was saved; before anything is added, or written to the audit log. What has to be read of the log is
    /// read now where it is little, else when this has started.
    package func load() {
        let saved = read()
        bytes.store(saved?.bytes ?? 0, ordering: .relaxed)
        let isMuch = before.withLock { before -> Bool in
            before.saved = saved
            // The number of an older version stands for itself.
            if saved == nil || saved?.logged != nil { before.parts = parts(since: saved?.logged?.place) }
            return before.parts.reduce(0) { $0 + $1.count } > Totals.fewBytes
        }
        if !isMuch { addWhatTheLogHas() }
    }

    /// - Returns: nil where there is no file, or none that can be used: that is kept aside.
    private func read() -> TotalsFile? {
        do throws(SystemError) {
            return try TotalsFile.read(path)
        } catch {
            do throws(SystemError) {
                let kept = try setFileAside(path)
                logger.warning("the total in \(path) cannot be used: \(error); it is kept as \(kept)")
            } catch let other {
                logger.warning(
                    "the total in \(path) cannot be used: \(error); nor can the file be renamed: \(other)")
            }
            return nil
        }
    }

    private func parts(since place: AuditMark.Place?) -> [AuditScan.Part] {
        do throws(SystemError) {
            return try AuditScan.parts(auditLog, since: place)
        } catch {
            logger.warning("the total of bytes sent may be too low: \(error)")
            return []
        }
    }

    /// Adds what was sent before this process and is not in the saved number.
    private func addWhatTheLogHas() {
        let (parts, saved) = before.withLock { before in
            defer { before.parts = [] }
            return (before.parts, before.saved)
        }
        var sum = AuditScan.Sum()
        do throws(SystemError) {
            guard let read = try AuditScan.sum(parts, goOn: { !isStopping.load(ordering: .acquiring) }) else {
                return
            }
            sum = read
        } catch {
            logger.warning("the total of bytes sent may be too low: \(error)")
        }
        if saved == nil, sum.shares > 0 || sum.malformed > 0 {
            logger.notice(
                """
                the total of bytes sent is taken from \(auditLog): \(sum.bytes) in \(sum.shares) lines; \
                \(sum.malformed) malformed lines were passed over
                """)
        }
        let logged = saved?.logged.map { Totals.sum($0.bytes, sum.bytes) } ?? sum.bytes
        let known = saved?.bytes ?? 0
        // Bytes that made no share are in the number only, those sent just before a crash in the log only.
        let total = max(known, logged)
        before.withLock { $0.total = total }
        if total > known { bytes.wrappingAdd(total - known, ordering: .sequentiallyConsistent) }
        // Also where it is nothing: or the log would be read again at each start.
        if total > known || saved == nil && !parts.isEmpty {
            isUnsaved.store(true, ordering: .sequentiallyConsistent)
        }
    }

    private static func sum(_ one: UInt64, _ other: UInt64) -> UInt64 {
        let (sum, isTooMuch) = one.addingReportingOverflow(other)
        return isTooMuch ? .max : sum
    }

    // MARK: - Life

    /// Begins to save what changes.
    package func start() throws(SystemError) {
        let started = try SystemThread(name: "totals") { [self] in work() }
        thread.withLock { $0 = started }
    }

    /// Saves for the last time; after the audit log has ended.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        eventCount.notify()
        let started = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        started?.join()
        do throws(SystemError) {
            try save()
        } catch {
            logger.error("the total of bytes sent is not saved: \(error)")
        }
    }

    private func work() {
        if before.withLock({ $0.total == nil }) { addWhatTheLogHas() }
        var saveAt: UInt64?
        while true {
            let ticket = eventCount.ticket()
            if isStopping.load(ordering: .acquiring) { return }
            let now = monotonicNanoseconds()
            if isUnsaved.load(ordering: .acquiring), saveAt == nil { saveAt = now + Totals.delay }
            guard let at = saveAt, at <= now else {
                eventCount.wait(after: ticket, until: saveAt)
                continue
            }
            saveAt = nil
            do throws(SystemError) {
                try save()
                if failure.withLock({ $0 }) != nil { logger.notice("\(path) is written again") }
                failure.withLock { $0 = nil }
            } catch {
                // Once, not each time.
                if failure.withLock({ $0 }) == nil {
                    logger.error("the total of bytes sent cannot be saved: \(error)")
                }
                failure.withLock { $0 = error.sentence }
                saveAt = now + Totals.retryDelay
            }
        }
    }

    private func save() throws(SystemError) {
        guard let earlier = before.withLock({ $0.total }),
            isUnsaved.exchange(false, ordering: .sequentiallyConsistent)
        else { return }
        let logged = mark().map { TotalsFile.Logged(bytes: Totals.sum(earlier, $0.written), place: $0.place) }
        let file = TotalsFile(bytes: bytes.load(ordering: .sequentiallyConsistent), logged: logged)
        do throws(SystemError) {
            try replaceFile(path, with: file.content)
        } catch {
            isUnsaved.store(true, ordering: .releasing)
            throw error
        }
    }
}
