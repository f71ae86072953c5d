internal import PassimCore
internal import PassimSystem

/// The open audit log: appended to, whole lines at a time.
final class AuditFile {
    private let descriptor: Descriptor
    /// The last line has no end: somebody else's, or ours that the disk had no room for.
    private var isTorn: Bool

    private init(_ descriptor: consuming Descriptor, isTorn: Bool) {
        self.descriptor = descriptor
        self.isTorn = isTorn
    }

    /// Makes the file, 0600, and the directory where they are missing.
    static func open(_ path: String) throws(SystemError) -> AuditFile {
        do throws(SystemError) {
            return try openExisting(path)
        } catch {
            if error.code != .notFound { throw error }
        }
        try makeDirectories(String(decoding: RawName(path).parent.bytes, as: UTF8.self), mode: 0o755)
        return try openExisting(path)
    }

    private static func openExisting(_ path: String) throws(SystemError) -> AuditFile {
        // Readable to see how the last line ends. Non-blocking: a FIFO must not stall the thread.
        let file = try Descriptor.open(
            path, [.readWrite, .append, .create, .nonBlocking, .noControllingTerminal], mode: 0o600)
        let status = try file.status()
        var isTorn = false
        if status.kind == .regular { isTorn = try !endsInALine(file, status.identity.size) }
        return AuditFile(file, isTorn: isTorn)
    }

    private static func endsInALine(_ file: borrowing Descriptor, _ size: UInt64) throws(SystemError) -> Bool
    {
        if size == 0 { return true }
        let last = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { last.deallocate() }
        // Nothing is there where it was cut just now.
        return try file.read(into: last, at: size - 1) == 0 || last[0] == 0x0A
    }

    /// As fstat(2) has it; nil where that fails.
    var status: FileStatus? { try? descriptor.status() }

    struct Progress {
        /// Bytes that are dealt with; what follows them begins a line.
        var done = 0
        /// A line of which only the beginning was written.
        var isLineLost = false
        var failure: SystemError?
    }

    /// Writes whole lines with one write(2), as far as it takes them. Where it ends within a line, the next one
    /// will not be merged with it.
    func append(_ lines: UnsafeRawBufferPointer) -> Progress {
        var progress = Progress()
        do throws(SystemError) {
            if isTorn {
                try descriptor.writeAll([0x0A])
                isTorn = false
            }
            while progress.done < lines.count {
                progress.done += try descriptor.write(
                    UnsafeRawBufferPointer(rebasing: lines[progress.done...]))
            }
        } catch {
            progress.failure = error
            guard progress.done > 0, lines[progress.done - 1] != 0x0A else { return progress }
            isTorn = true
            progress.isLineLost = lines[progress.done] != 0x0A
            // Whole lines: there is an end.
            progress.done = lines[progress.done...].firstIndex(of: 0x0A)! + 1
        }
        return progress
    }
}
