internal import Logging
internal import PassimCore
internal import PassimSystem

/// The lines that are held back until they can be one (`AuditRepeats`), as a file beside the log: who is killed has
/// lost none of them. Not for power cuts.
struct HeldLines {
    private let path: String
    private let log: String

    private static let longest = AuditRepeats.mostHeld * 8192
    /// Bytes of the log that are looked at: more are not written between two stores.
    private static let longestEnd = 1 << 24

    /// - Parameter log: the path of the log.
    init(log: String) {
        self.log = log
        path = log + ".held"
    }

    /// - Parameter place: up to where the log is written, without these lines.
    func store(_ lines: [AuditLine], after place: AuditMark.Place?) throws(SystemError) {
        if lines.isEmpty {
            do throws(SystemError) {
                try Descriptor.open(parentDirectory(of: path), [.readOnly, .directory]).unlink(
                    RawName(path).basename)
            } catch {
                if error.code != .notFound { throw error }
            }
            return
        }
        var bytes = place.map { Array("\($0.inode) \($0.length)\n".utf8) } ?? []
        for line in lines { line.append(to: &bytes) }
        try replaceFile(path, with: bytes, isDurable: false)
    }

    /// The lines that another process has left and that are not in the log.
    func left() throws(SystemError) -> [AuditLine] {
        guard let bytes = try readFile(path, limit: HeldLines.longest) else { return [] }
        var written: [AuditLine] = []
        if let place = HeldLines.place(bytes) {
            for part in try AuditScan.parts(log, since: place) {
                written += try HeldLines.lines(of: part.read(atMost: HeldLines.longestEnd))
            }
        }
        return HeldLines.lines(of: bytes).filter { line in
            // A process that ended between the two had written it with all of its repeats.
            !written.contains { $0.time == line.time && $0.digest == line.digest && $0.isMerged(with: line) }
        }
    }

    private static func place(_ bytes: [UInt8]) -> AuditMark.Place? {
        let words = bytes.prefix { $0 != 0x0A }.split(separator: 0x20).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard words.count == 2, let inode = UInt64(words[0]), let length = UInt64(words[1]) else {
            return nil
        }
        return AuditMark.Place(inode: inode, length: length)
    }

    private static func lines(of bytes: [UInt8]) -> [AuditLine] {
        bytes.split(separator: 0x0A).compactMap { AuditLine(Array($0)) }
    }
}

extension AuditLine {
    /// True if both are about the same client and this one is a merged line.
    fileprivate func isMerged(with other: AuditLine) -> Bool {
        guard count != nil, case .shared(_, let client) = event,
            case .shared(_, let otherClient) = other.event
        else {
            return false
        }
        return client == otherClient
    }
}
