/// Something that keeps this machine from doing what it is set up to do, for page, bus, command and monitoring alike.
package struct Trouble: Hashable, Sendable {
    package enum Severity: String, Sendable, CaseIterable {
        /// Somebody cannot fetch or find something that is to be shared.
        case error
        /// All can be had now, and something is left out, or will fail.
        case warning
    }

    /// The part at fault; in the order in which they are told.
    package enum Kind: String, Sendable, CaseIterable {
        case listening
        case discovery
        case dropIn = "drop_in"
        case directory
        case certificate
        case freshness
        case disk
        case unreadable
        case watches
        case checksums
        case state
        case configuration
        /// A newer daemon's kind.
        case other
    }

    package var severity: Severity
    package var kind: Kind
    /// Which of its kind: a path, a drop-in's name, an interface; may be empty.
    package var subject: String
    /// The fault in a sentence without its full stop, which needs no other to be understood.
    package var what: String
    /// The reason; empty where `what` says it.
    package var why: String
    /// A command that can be pasted, or else what to do, in words; may be empty.
    package var command: String
    /// Unix seconds: when it was noticed first; nil where that is not known.
    package var since: Int64?

    package init(
        _ severity: Severity, _ kind: Kind, subject: String = "", _ what: String, why: String = "",
        command: String = "", since: Int64? = nil
    ) {
        self.severity = severity
        self.kind = kind
        self.subject = subject
        self.what = what
        self.why = why
        self.command = command
        self.since = since
    }

    /// Fault and reason in one line.
    package var sentence: String { why.isEmpty ? what : "\(what): \(why)" }

    /// Errors first, and each kind together: the worst is the first.
    package static func isWorse(_ one: Trouble, _ other: Trouble) -> Bool { one.rank < other.rank }

    private var rank: (Int, Int, String, String) {
        (
            Severity.allCases.firstIndex(of: severity)!, Kind.allCases.firstIndex(of: kind)!, subject, what
        )
    }
}
