/// Why a text is no pattern.
package enum GlobError: Error, Sendable, Equatable {
    case empty
    /// More than `Glob.longest` bytes.
    case tooLong
    /// `[` without `]`; `\[` is the character.
    case openClass
    /// `[z-a]`
    case reversedRange
    /// `[:alpha:]` and the like
    case namedClass
    /// Nothing follows the last `\`.
    case danglingEscape
    /// `!pattern` of gitignore; `\!` is the character.
    case negation
}

extension GlobError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .empty: "an empty pattern"
        case .tooLong: "a pattern of more than \(Glob.longest) bytes"
        case .openClass: "a [ without its ] (the character itself is [[])"
        case .reversedRange: "a range whose end comes before its start"
        case .namedClass: "named classes such as [:alpha:] are not supported"
        case .danglingEscape: "a backslash at its end"
        case .negation:
            "patterns that begin with ! are not supported (the character itself is \\!, in a keyfile \\\\!)"
        }
    }
}
