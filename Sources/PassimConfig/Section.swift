internal import PassimGLib

/// The values of one group of a keyfile, with a complaint about each that is not what it should be.
///
/// Every reading method leaves the setting alone, at its default, where the key is absent or wrong.
struct Section {
    let keyFile: KeyFile
    /// The keyfile's full path.
    let file: String
    let group: String
    /// At most `mostComplaints`.
    private var first: [Complaint] = []
    /// Complaints besides those.
    private var more = 0

    /// Most per file: a reader needs no more to see what kind of file it is.
    static let mostComplaints = 20

    /// The first ones, and how many there are besides.
    var complaints: [Complaint] {
        guard more > 0 else { return first }
        return first + [Complaint(.warning, file: file, "and \(more) more complaints about this file")]
    }

    init(_ keyFile: KeyFile, file: String, group: String) {
        self.keyFile = keyFile
        self.file = file
        self.group = group
    }

    /// A whole number in decimal, with nothing around it.
    mutating func read<Number: FixedWidthInteger & Sendable>(
        _ key: String, _ range: ClosedRange<Number>, into setting: inout Number
    ) {
        guard let text = keyFile.value(group, key) else { return }
        if let number = Number(text), range.contains(number) {
            setting = number
        } else {
            warn(key, "not a number from \(range.lowerBound) to \(range.upperBound); using \(setting)")
        }
    }

    /// As GLib has booleans, and systemd (systemd.syntax(7)), in upper and lower case.
    ///
    /// - Parameter closed: of a key that guards something, the value that lets nobody: taken if what is written is not
    ///   understood.
    mutating func read(_ key: String, into setting: inout Bool, closed: Bool? = nil) {
        guard let text = keyFile.value(group, key) else { return }
        switch text.lowercased() {
        case "true", "1", "yes", "y", "on", "t": setting = true
        case "false", "0", "no", "n", "off", "f": setting = false
        default:
            setting = closed ?? setting
            warn(key, "neither true nor false; using \(setting)\(closed == nil ? "" : Section.toBeSafe)")
        }
    }

    /// One word of a few, written as it is here.
    ///
    /// - Parameter closed: as for booleans.
    mutating func read<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String, into setting: inout Choice, closed: Choice? = nil
    ) {
        guard let text = keyFile.value(group, key) else { return }
        if let choice = Choice(rawValue: text) {
            setting = choice
        } else {
            setting = closed ?? setting
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            let safe = closed == nil ? "" : Section.toBeSafe
            warn(key, "none of: \(words); using \(setting.rawValue)\(safe)")
        }
    }

    /// A time: a whole number of seconds, or of the unit behind it (`s`, `min`, `h`, `d`).
    mutating func readSpan(_ key: String, into setting: inout Int?) {
        guard let text = keyFile.value(group, key) else { return }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = Section.units[String(text.dropFirst(digits.count)).trimmed]
        if let unit, let number = Int(digits), number <= Int(Int32.max) / unit {
            setting = number * unit
        } else {
            warn(key, "not a time such as 72h, 3d or 259200; the default is used")
        }
    }

    private static let units = ["": 1, "s": 1, "min": 60, "h": 3600, "d": 86400]

    private static let toBeSafe = ", to be on the safe side"

    /// An absolute path.
    mutating func readPath(_ key: String, into setting: inout String?, otherwise fallback: String) {
        guard keyFile.value(group, key) != nil else { return }
        do throws(KeyFileError) {
            let path = try keyFile.string(group, key)
            if path.utf8.first == UInt8(ascii: "/") {
                setting = path
            } else {
                warn(key, "not an absolute path; using \(fallback)")
            }
        } catch {
            warn(key, "\(error.advice); using \(fallback)")
        }
    }

    /// The parts of a list that `parse` takes; a warning for each of the others.
    mutating func readList<Element>(
        _ key: String, _ expectation: String, into setting: inout [Element], _ parse: (String) -> Element?
    ) {
        guard keyFile.value(group, key) != nil else { return }
        do throws(KeyFileError) {
            let parts = try keyFile.strings(group, key).map { $0.trimmed }.filter { !$0.isEmpty }
            var elements: [Element] = []
            for part in parts {
                if let element = parse(part) {
                    elements.append(element)
                } else {
                    complain(.warning, key, part, "not \(expectation); passed over")
                }
            }
            // Nothing that is right: the default, as for any other value.
            if parts.isEmpty || !elements.isEmpty { setting = elements }
        } catch {
            warn(key, "\(error.advice); the default is used")
        }
    }

    /// A warning for each key of the group that has no meaning.
    mutating func warnOfUnknownKeys(known: [String]) {
        let words = Set(known)
        for key in keyFile.keys(of: group) where !words.contains(key) {
            if isFull {
                more += 1
                continue
            }
            let hint = nearest(to: key, among: known).map { "; did you mean \($0)?" } ?? ""
            complain(.warning, key, keyFile.value(group, key), "unknown key, without effect\(hint)")
        }
    }

    /// A warning for each group that has no meaning.
    mutating func warnOfUnknownGroups() {
        for other in keyFile.groups where other != group {
            add(
                Complaint(
                    .warning, file: file, group: other,
                    "unknown group, without effect; keys belong in [\(group)]"))
        }
    }

    mutating func warn(_ key: String, _ message: String) {
        complain(.warning, key, keyFile.value(group, key), message)
    }

    mutating func complain(_ severity: Complaint.Severity, _ key: String, _ value: String?, _ message: String)
    {
        add(Complaint(severity, file: file, group: group, key: key, value: value, message))
    }

    private var isFull: Bool { first.count >= Section.mostComplaints }

    private mutating func add(_ complaint: Complaint) {
        if isFull { more += 1 } else { first.append(complaint) }
    }
}

extension KeyFileError {
    /// GLib's sentence, but for escapes, where it says no more than that it does not understand.
    var advice: String {
        code == .invalidValue ? "holds an unknown escape; a backslash is written \\\\" : message
    }
}

extension String {
    /// Without the spaces and tabs around it.
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }),
            let last = lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(self[first...last])
    }
}
