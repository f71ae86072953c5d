internal import PassimCore

/// How something is, as a picture and a word: the colour says nothing that these do not.
enum Mark: String, CaseIterable {
    case good, warn, bad, wait

    /// Read aloud in the picture's place.
    var word: String {
        switch self {
        case .good: "good"
        case .warn: "warning"
        case .bad: "error"
        case .wait: "not known"
        }
    }

    init(_ severity: Trouble.Severity) {
        self = severity == .error ? .bad : .warn
    }

    init(_ verdict: Health.Verdict) {
        switch verdict {
        case .ok: self = .good
        case .warning: self = .warn
        case .error: self = .bad
        case .scanning, .empty: self = .wait
        }
    }

    /// Outline on a field of 20 × 20.
    private var outline: String {
        switch self {
        case .good:
            "M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm4.3 6.9-5.1 5.6a.9.9 0 0 1-1.3 0L5.6 11a.9.9 0 0 1 1.3-1.2l1.6 1.7 "
                + "4.5-4.8a.9.9 0 1 1 1.3 1.2z"
        case .warn:
            "M11.3 2.3 18.8 15.7a1.5 1.5 0 0 1-1.3 2.3H2.5a1.5 1.5 0 0 1-1.3-2.3L8.7 2.3a1.5 1.5 0 0 1 2.6 0zM10 6a.9.9 "
                + "0 0 0-.9 1l.3 4.8a.6.6 0 0 0 1.2 0L10.9 7A.9.9 0 0 0 10 6zm0 7.8a1 1 0 1 0 0 2 1 1 0 0 0 0-2z"
        case .bad:
            "M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm3.5 11.2a.9.9 0 1 1-1.3 1.3L10 11.3l-2.2 2.2a.9.9 0 1 1-1.3-1.3L8.7 10 "
                + "6.5 7.8a.9.9 0 1 1 1.3-1.3L10 8.7l2.2-2.2a.9.9 0 1 1 1.3 1.3L11.3 10z"
        case .wait:
            "M10 1a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 1.8a7.2 7.2 0 1 1 0 14.4 7.2 7.2 0 0 1 0-14.4zM10 5a.9.9 0 0 0-.9.9V10"
                + "c0 .3.1.5.3.7l2.7 2.7a.9.9 0 0 0 1.3-1.3L10.9 9.6V5.9A.9.9 0 0 0 10 5z"
        }
    }

    /// All pictures, once a page; `HTMLWriter.mark` shows them.
    static func writeAll(to body: inout HTMLWriter) {
        body.element(
            .svg, HTMLAttribute(.class, "unseen"), HTMLAttribute(.width, "0"), HTMLAttribute(.height, "0"),
            HTMLAttribute(.ariaHidden, "true")
        ) { svg in
            for mark in allCases {
                svg.element(
                    .symbol, HTMLAttribute(.id, mark.rawValue), HTMLAttribute(.viewBox, "0 0 20 20")
                ) { $0.element(.path, HTMLAttribute(.d, mark.outline), text: "") }
            }
        }
        body.newline()
    }
}

extension HTMLWriter {
    /// The picture and the word, of which only the picture is seen.
    mutating func mark(_ mark: Mark, style: String = "i") {
        picture(mark, style: style)
        element(.span, HTMLAttribute(.class, "unseen"), text: "\(mark.word): ")
    }

    /// The picture alone, for where the text beside it says the same.
    mutating func picture(_ mark: Mark, style: String = "i") {
        element(.svg, HTMLAttribute(.class, "\(style) \(mark.rawValue)"), HTMLAttribute(.ariaHidden, "true"))
        {
            $0.element(.use, HTMLAttribute(.href, "#\(mark.rawValue)"), text: "")
        }
    }
}
