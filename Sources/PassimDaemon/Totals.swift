package import Logging
internal import PassimCore
package import PassimSystem
internal import Synchronization

/// What the daemon has sent, ever: a number that outlives it, and the rotation of the audit log.
package final class Totals: Sendable {
    private let bytes = Atomic<UInt64>(0)
    private let isUnsaved = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    private let bell = Doorbell()
    private let thread = Lock<SystemThread?>(nil)
    private let path: String
    private let auditLog: String
    private let logger: Logger

    /// Nanoseconds from a change until it is saved, and until it is tried again.
    private static let delay: UInt64 = 2_000_000_000
    private static let retryDelay: UInt64 = 10_000_000_000

    /// - Parameter path: the directory is made where it is missing.
    /// - Parameter auditLog: read where there is no file of totals.
    package init(path: String, auditLog: String, logger: Logger) {
        self.path = path
        self.auditLog = auditLog
        self.logger = logger
    }

    /// Bytes sent in whole downloads.
    package var downloadSaving: UInt64 { bytes.load(ordering: .relaxed) }

    /// From any thread; takes no lock.
    package func add(_ count: UInt64) {
        // In one order with `save`, which takes the flag first and the number then: of the two, one sees the other.
        bytes.add(saturating: count)
        guard !isUnsaved.load(ordering: .sequentiallyConsistent) else { return }
        if !isUnsaved.exchange(true, ordering: .sequentiallyConsistent) { bell.ring() }
    }

    // MARK: - The file

    /// Reads what was saved; before anything is added. Without a file the audit log is read, which may take a
    /// while.
    package func load() {
        let saved = read() ?? sumOfAuditLog()
        bytes.store(saved, ordering: .relaxed)
    }

    /// - Returns: nil where there is no file, or none that can be used: that is kept aside.
    private func read() -> UInt64? {
        let complaint: String
        do throws(SystemError) {
            guard let content = try readFile(path, limit: 4096) else { return nil }
            if let number = Totals.parse(content) { return number }
            complaint = "it holds no number"
        } catch {
            complaint = "\(error)"
        }
        do throws(SystemError) {
            let kept = try setFileAside(path)
            logger.warning("the total in \(path) cannot be used: \(complaint); it is kept as \(kept)")
        } catch {
            logger.warning("the total in \(path) cannot be used: \(complaint)")
        }
        return nil
    }

    private func sumOfAuditLog() -> UInt64 {
        do throws(SystemError) {
            let sum = try AuditScan.sum(auditLog)
            isUnsaved.store(sum.bytes > 0, ordering: .relaxed)
            if sum.shares > 0 || sum.malformed > 0 {
                logger.notice(
                    """
                    the total of bytes sent is taken from \(auditLog): \(sum.bytes) in \(sum.shares) downloads; \
                    \(sum.malformed) malformed lines were passed over
                    """)
            }
            return sum.bytes
        } catch {
            logger.warning("the total of bytes sent begins at 0: \(error)")
            return 0
        }
    }

    /// A decimal number, and a line end.
    static func parse(_ content: [UInt8]) -> UInt64? {
        let digits = content.last == 0x0A ? content.dropLast() : content[...]
        guard 1...20 ~= digits.count, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return UInt64(String(decoding: digits, as: UTF8.self))
    }

    // MARK: - Life

    /// Begins to save what changes.
    package func start() throws(SystemError) {
        let started = try SystemThread(name: "totals") { [self] in work() }
        thread.withLock { $0 = started }
    }

    /// Saves for the last time.
    package func stop() {
        isStopping.store(true, ordering: .releasing)
        bell.ring()
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
        var saveAt: UInt64?
        var isFailing = false
        while true {
            let ticket = bell.ticket()
            if isStopping.load(ordering: .acquiring) { return }
            let now = monotonicNanoseconds()
            if isUnsaved.load(ordering: .acquiring), saveAt == nil { saveAt = now + Totals.delay }
            guard let at = saveAt, at <= now else {
                bell.wait(after: ticket, until: saveAt)
                continue
            }
            saveAt = nil
            do throws(SystemError) {
                try save()
                if isFailing { logger.notice("\(path) is written again") }
                isFailing = false
            } catch {
                // Once, not each time.
                if !isFailing { logger.error("the total of bytes sent cannot be saved: \(error)") }
                isFailing = true
                saveAt = now + Totals.retryDelay
            }
        }
    }

    private func save() throws(SystemError) {
        guard isUnsaved.exchange(false, ordering: .sequentiallyConsistent) else { return }
        let number = bytes.load(ordering: .sequentiallyConsistent)
        do throws(SystemError) {
            try replaceFile(path, with: Array("\(number)\n".utf8))
        } catch {
            isUnsaved.store(true, ordering: .releasing)
            throw error
        }
    }
}
