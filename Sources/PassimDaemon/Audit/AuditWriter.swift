internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimSystem

/// The writing side of the audit log, for one thread: opens the file, keeps what could not be written, and says
/// once what is wrong.
final class AuditWriter {
    private let path: String
    private let logger: Logger
    private var file: AuditFile?
    private var wantsReopening = false
    /// Whole lines.
    private var pending: [UInt8] = []
    private var isFailing = false
    /// Lines that nobody will read, since that was said last.
    private var lost: UInt64 = 0

    init(path: String, logger: Logger) {
        self.path = path
        self.logger = logger
    }

    /// Whether there is something left from before.
    var hasPending: Bool { !pending.isEmpty }

    func add(_ records: [AuditRecord], clients: LogClients, dropped: UInt64) {
        pending.reserveCapacity(pending.count + records.count * 192)
        for record in records { record.line(clients).append(to: &pending) }
        lost += dropped
    }

    /// What comes next goes to a file that is opened anew: the old one has been renamed.
    func reopen() {
        wantsReopening = true
        openFile()
    }

    /// Writes what there is.
    ///
    /// - Returns: false where some is left, to be tried again.
    @discardableResult
    func flush() -> Bool {
        if file == nil || wantsReopening || file?.isRemoved == true { openFile() }
        guard let file else { return pending.isEmpty }
        if !pending.isEmpty {
            let progress = pending.withUnsafeBytes { file.append($0) }
            if progress.isLineLost { lost += 1 }
            if let failure = progress.failure {
                pending.removeFirst(progress.done)
                fail("cannot be written: \(failure)")
                return pending.isEmpty
            }
            // The next batch is as long, mostly.
            pending.removeAll(keepingCapacity: pending.capacity <= 1 << 20)
        }
        if isFailing, !wantsReopening {
            logger.notice("\(path) is written again")
            isFailing = false
        }
        return true
    }

    /// Says how many lines were lost.
    ///
    /// - Returns: false where there were none.
    @discardableResult
    func sayLost() -> Bool {
        if lost == 0 { return false }
        logger.error("\(path): \(lost) lines were lost: the disk was full, or too slow")
        lost = 0
        return true
    }

    /// Gives up what could not be written.
    func finish(alsoLost more: UInt64) {
        lost += UInt64(pending.count { $0 == 0x0A }) + more
        pending = []
        sayLost()
    }

    private func openFile() {
        do throws(SystemError) {
            file = try AuditFile.open(path)
            wantsReopening = false
        } catch {
            // The old one is better than none.
            fail("cannot be opened: \(error)")
        }
    }

    /// Once, not each time.
    private func fail(_ what: String) {
        if !isFailing { logger.error("\(path) \(what)") }
        isFailing = true
    }
}
