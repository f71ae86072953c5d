/// Text that others wrote (names of files and drop-ins, what other programs say of themselves, messages of other
/// daemons), made fit for where it is shown.
///
/// Controls, line and paragraph separators and the characters of UAX #9 that turn round the direction of text become
/// `\u` and four hexadecimal digits, and the text is cut to a length: it cannot make another line, reach a terminal, nor
/// show a name that ends in `.exe` as one that ends in `.jpg`.
package enum ForeignText {
    /// A kind of place that text is shown in, which decides what is escaped besides.
    package enum Place: Sendable {
        case terminal
        /// A line of the log.
        case log
        /// A page: the writer of HTML makes its own references of `<` and the like afterwards.
        case html
        /// The value of a label in the text format of Prometheus: backslashes, quotes and ends of lines are escaped.
        case metrics

        /// Characters of one text that are shown at most.
        var limit: Int {
            switch self {
            case .terminal, .html: 4096
            case .log: 8192
            case .metrics: 1024
            }
        }
    }

    /// - Parameter limit: characters at most; nil: as fits there.
    package static func shown(_ text: String, in place: Place, limit: Int? = nil) -> String {
        let limit = limit ?? place.limit
        if isHarmless(text, place, limit) { return text }
        var shown = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            guard count < limit else {
                shown.append("…")
                break
            }
            count += 1
            append(scalar, to: &shown, place)
        }
        return String(shown)
    }

    /// True of a character that must be escaped wherever it is shown.
    package static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        // Line and paragraph separators.
        case 0x2028, 0x2029: true
        // Marks, embeddings, overrides and isolates: the property Bidi_Control.
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }

    private static func isHarmless(_ text: String, _ place: Place, _ limit: Int) -> Bool {
        var count = 0
        for scalar in text.unicodeScalars {
            count += 1
            if count > limit || isHarmful(scalar) { return false }
            if case .metrics = place, scalar == "\\" || scalar == "\"" { return false }
        }
        return true
    }

    private static func append(
        _ scalar: Unicode.Scalar, to shown: inout String.UnicodeScalarView, _ place: Place
    ) {
        if case .metrics = place {
            switch scalar {
            case "\\": return shown.append(contentsOf: "\\\\".unicodeScalars)
            case "\"": return shown.append(contentsOf: "\\\"".unicodeScalars)
            case "\n": return shown.append(contentsOf: "\\n".unicodeScalars)
            // The backslash of an escape is a character of the value there.
            case _ where isHarmful(scalar): shown.append("\\")
            default: break
            }
        }
        if isHarmful(scalar) {
            shown.append(contentsOf: escape(scalar).unicodeScalars)
        } else {
            shown.append(scalar)
        }
    }

    /// `\u001b`
    package static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
