internal import Logging
internal import PassimCore
internal import PassimSystem

/// The lines that are held back until they can be one (`AuditRepeats`), as a file beside the log: who is killed has
/// lost none of them. Not for power cuts.
struct HeldLines {
    private let path: String
    private let log: String

    private static let longest = AuditRepeats.mostHeld * 8192
    /// Of the log's end, where lines may be that were written before the process ended.
    private static let tail: UInt64 = 1 << 20

    /// - Parameter log: the path of the log.
    init(log: String) {
        self.log = log
        path = log + ".held"
    }

    func store(_ lines: [AuditLine]) throws(SystemError) {
        if lines.isEmpty {
            do throws(SystemError) {
                try Descriptor.open(parentDirectory(of: path), [.readOnly, .directory]).unlink(
                    RawName(path).basename)
            } catch {
                if error.code != .notFound { throw error }
            }
            return
        }
        var bytes: [UInt8] = []
        for line in lines { line.append(to: &bytes) }
        try replaceFile(path, with: bytes, isDurable: false)
    }

    /// The lines that another process has left and that are not in the log.
    func left() throws(SystemError) -> [AuditLine] {
        guard let bytes = try readFile(path, limit: HeldLines.longest) else { return [] }
        let written = try HeldLines.lines(of: endOfLog())
        return HeldLines.lines(of: bytes).filter { line in
            // A process that ended between the two had written it with all of its repeats.
            !written.contains { $0.time == line.time && $0.digest == line.digest && $0.isMerged(with: line) }
        }
    }

    private func endOfLog() throws(SystemError) -> [UInt8] {
        do throws(SystemError) {
            let file = try Descriptor.open(log, [.readOnly, .nonBlocking, .noControllingTerminal])
            let status = try file.status()
            guard status.kind == .regular else { return [] }
            let start = status.identity.size - min(status.identity.size, HeldLines.tail)
            let count = Int(status.identity.size - start)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, count), alignment: 16)
            defer { buffer.deallocate() }
            var filled = 0
            while filled < count {
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<count])
                let more = try file.read(into: part, at: start + UInt64(filled))
                if more == 0 { break }
                filled += more
            }
            return Array(buffer[..<filled])
        } catch {
            if error.code == .notFound { return [] }
            throw error
        }
    }

    private static func lines(of bytes: [UInt8]) -> [AuditLine] {
        bytes.split(separator: 0x0A).compactMap { AuditLine(Array($0)) }
    }
}

extension AuditLine {
    /// Whether both are about the same client and this one is a merged line.
    fileprivate func isMerged(with other: AuditLine) -> Bool {
        guard count != nil, case .shared(_, let client) = event,
            case .shared(_, let otherClient) = other.event
        else {
            return false
        }
        return client == otherClient
    }
}
