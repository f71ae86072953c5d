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
    private var pending = PendingLines()
    /// Why it cannot be written now; nil where it can.
    private(set) var problem: String?
    private var isRotationFailing = false
    /// Holds from the next write on.
    var rotation: AuditRotation
    /// Bytes sent, by the lines that were written.
    private var written: UInt64 = 0
    /// Lines that nobody will read, since that was said last.
    private var lost: UInt64 = 0

    init(path: String, rotation: AuditRotation = .never, logger: Logger) {
        self.path = path
        self.rotation = rotation
        self.logger = logger
    }

    /// True if lines are left from before.
    var hasPending: Bool { !pending.isEmpty }

    func add(_ records: [AuditRecord], clients: LogClients, dropped: UInt64) {
        pending.reserve(lines: records.count)
        for record in records { pending.append(record.line(clients)) }
        lost += dropped
    }

    func add(_ line: AuditLine) {
        pending.append(line)
    }

    func add(dropped: UInt64) {
        lost += dropped
    }

    /// How far the log is written; nil where it is no regular file.
    var mark: AuditMark? {
        guard let status = file?.status, status.kind == .regular else { return nil }
        let identity = status.identity
        return AuditMark(
            written: written,
            place: .init(inode: identity.inode, length: identity.size))
    }

    /// Opens the file anew for what comes next: the old one has been renamed.
    func reopen() {
        wantsReopening = true
        openFile()
    }

    /// Writes what there is.
    ///
    /// - Returns: false where some is left, to be tried again.
    @discardableResult
    func flush() -> Bool {
        // Somebody may have removed it without a word: what is written there is lost.
        if file == nil || wantsReopening || file?.status?.links == 0 { openFile() }
        while let file, !pending.isEmpty {
            let status = file.status
            var length = pending.bytes.count
            if rotation.size > 0, let status, status.kind == .regular {
                let size = status.identity.size
                let room = rotation.size - min(rotation.size, size)
                let fitting = pending.length(within: room)
                if UInt64(fitting) <= room || size == 0 {
                    length = fitting
                } else if rotate() {
                    continue
                }
            }
            let progress = pending.bytes.withUnsafeBytes {
                file.append(UnsafeRawBufferPointer(rebasing: $0[..<length]))
            }
            if progress.isLineLost { lost += 1 }
            written &+= pending.removeFirst(progress.done, isLastLost: progress.isLineLost)
            if let failure = progress.failure {
                fail("cannot be written: \(failure)")
                return pending.isEmpty
            }
        }
        if file == nil { return pending.isEmpty }
        if problem != nil, !wantsReopening {
            logger.notice("\(path) is written again")
            problem = nil
        }
        return true
    }

    /// Begins a new file, which may fail to be opened.
    ///
    /// - Returns: false where the old one goes on.
    private func rotate() -> Bool {
        do throws(SystemError) {
            guard try rotation.rotate(path) else { return false }
            isRotationFailing = false
            file = nil
            openFile()
            return true
        } catch {
            if !isRotationFailing { logger.error("\(path) cannot be rotated, and grows on: \(error)") }
            isRotationFailing = true
            return false
        }
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
        lost += pending.lineCount + more
        pending = PendingLines()
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
        if problem == nil { logger.error("\(path) \(what)") }
        problem = what
    }
}
