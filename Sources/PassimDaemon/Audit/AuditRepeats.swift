internal import PassimConfig
internal import PassimCore

/// Makes one line of many: a client that asks for the same again and again would fill the disk. Past ten lines a
/// second of one address and digest, those that follow within a minute are one, with a count and the sum of their
/// sizes.
///
/// No clock and no I/O.
struct AuditRepeats {
    private struct Held {
        var line: AuditLine
        /// When it is written, in monotonic nanoseconds.
        var due: UInt64

        mutating func add(_ size: UInt64) {
            guard case .shared(let sum, let client) = line.event else { return }
            let (more, isTooMuch) = sum.addingReportingOverflow(size)
            line.count = (line.count ?? 0) + 1
            line.event = .shared(size: isTooMuch ? .max : more, client: client)
        }
    }

    static let mostASecond = 10
    /// Nanoseconds.
    static let time: UInt64 = 60_000_000_000
    /// Lines that are held: past it, repeats have lines of their own.
    static let mostHeld = 1024
    /// Clients and digests that are counted in one second.
    private static let mostCounted = 65536

    /// How long a line is held, in nanoseconds.
    private let holding: UInt64
    /// The second that `counts` is about.
    private var second: Int64 = 0
    private var counts: [ClientDigest: Int] = [:]
    private var held: [ClientDigest: Held] = [:]
    /// Something is held that was not there, or not as much, when this was set to false.
    var hasChanged = false

    var isEmpty: Bool { held.isEmpty }

    init(holding: UInt64 = AuditRepeats.time) {
        self.holding = holding
    }

    /// - Returns: the line to write now; nil: it is held.
    mutating func take(_ record: AuditRecord, _ clients: LogClients, at now: UInt64) -> AuditLine? {
        guard case .shared(let address) = record.event else { return record.line(clients) }
        let key = ClientDigest(address, record.digest)
        if held[key]?.add(record.size) != nil {
            hasChanged = true
            return nil
        }
        if record.time != second || counts.count >= AuditRepeats.mostCounted {
            second = record.time
            counts.removeAll(keepingCapacity: true)
        }
        counts[key, default: 0] += 1
        var line = record.line(clients)
        guard counts[key, default: 0] > AuditRepeats.mostASecond, held.count < AuditRepeats.mostHeld else {
            return line
        }
        line.count = 1
        held[key] = Held(line: line, due: now &+ holding)
        hasChanged = true
        return nil
    }

    /// When the next line is to be written; nil: none is held.
    var nextDue: UInt64? { held.values.lazy.map(\.due).min() }

    /// The lines that have been held for long enough, by their times; from then on they are not held.
    mutating func takeDue(at now: UInt64) -> [AuditLine] {
        let due = held.filter { $0.value.due <= now }
        if due.isEmpty { return [] }
        hasChanged = true
        for key in due.keys { held[key] = nil }
        return due.values.map(\.line).sorted { $0.time < $1.time }
    }

    var lines: [AuditLine] { held.values.map(\.line).sorted { $0.time < $1.time } }
}
