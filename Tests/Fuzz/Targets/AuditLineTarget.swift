import PassimCore

@testable import PassimDaemon

extension FuzzTarget {
    /// A line of the audit log; and the same bytes as a name and a command of a line that is written.
    static let auditLine = FuzzTarget(
        name: "audit-line",
        sources: [
            "PassimDaemon/Audit/AuditLine.swift", "PassimDaemon/Audit/AuditLine+Parsing.swift",
            "PassimDaemon/Audit/AuditText.swift",
        ],
        words: [
            " PBLSH ", " SHARE ", " DELTE ", "hash=", "basename=", "size=", "cmdline=", "ipaddr=", ",", "=",
            "\\", "\\,", "\\=", "\\\\", ReferenceConditions.hex, "2024-02-29T12:00:00Z",
            "2024-02-29T23:59:60.123Z",
            "18446744073709551615", "18446744073709551616", " ", "é", "\u{2028}", "\n", "\0", "::1", "Z", "T",
        ],
        rounds: 1000
    ) { (input) throws(Flaw) in
        let line = withExactly(input) { AuditLine($0) }
        let expected = String(validating: input, as: UTF8.self).flatMap { ReferenceAuditLine.parse($0) }
        try checkEqual(line, expected, "the line is")
        if let line { try write(line) }
        let text = String(decoding: input, as: UTF8.self)
        for event in [.published(size: 5, cmdline: text), .shared(size: 5, client: text), .deleted]
            as [AuditLine.Event]
        {
            try write(
                AuditLine(
                    time: Int64(input.count) << (input.count % 60), digest: ReferenceConditions.digest,
                    basename: RawName(bytes: input), event: event))
        }
    }

    /// It is one line of text, and means the same when it is read and written again.
    private static func write(_ line: AuditLine) throws(Flaw) {
        let bytes = written(line)
        try check(bytes.last == 0x0A && bytes.count { $0 < 0x20 || $0 == 0x7F } == 1, "no line: \(bytes)")
        guard let again = withExactly(bytes.dropLast(), { AuditLine($0) }) else {
            throw Flaw(description: "cannot be read again: \(String(decoding: bytes, as: UTF8.self))")
        }
        try checkEqual(written(again), bytes, "written again")
        try check(again.digest == line.digest && again.event.size == line.event.size, "\(again), not \(line)")
    }

    private static func written(_ line: AuditLine) -> [UInt8] {
        var bytes: [UInt8] = []
        line.append(to: &bytes)
        return bytes
    }
}

extension AuditLine.Event {
    fileprivate var size: UInt64? {
        switch self {
        case .published(let size, _), .shared(let size, _): size
        case .deleted: nil
        }
    }
}
