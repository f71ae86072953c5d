extension Glob {
    /// One step of a pattern.
    enum Token: Sendable {
        /// A Unicode scalar.
        case character(UInt32)
        /// `?`
        case anyCharacter
        case oneOf(CharacterClass)
        /// `*`
        case run
        /// `**`
        case runAcross
        /// `**/` at the start of a component: nothing, or what the token behind it takes. Always followed
        /// by `throughSlash`.
        case directories
        /// Anything up to some `/`, and that too.
        case throughSlash

        /// Says if the token may take this character and go on, and if that may be its last.
        @inline(__always)
        func accepts(_ character: UInt32) -> (stays: Bool, advances: Bool) {
            switch self {
            case .character(let expected): (false, character == expected)
            case .anyCharacter: (false, character != 0x2F)
            case .oneOf(let set): (false, character != 0x2F && set.contains(character))
            case .run: (character != 0x2F, false)
            case .runAcross: (true, false)
            case .directories: (false, false)
            case .throughSlash: (true, character == 0x2F)
            }
        }
    }

    /// `[…]`
    struct CharacterClass: Sendable {
        var ranges: [ClosedRange<UInt32>] = []
        var negated = false

        func contains(_ character: UInt32) -> Bool {
            ranges.contains { $0.contains(character) } != negated
        }
    }

    static func parse(
        _ pattern: String
    ) throws(GlobError) -> (tokens: [Token], directoriesOnly: Bool, anywhere: Bool) {
        if pattern.utf8.count > longest { throw .tooLong }
        var rest = Array(pattern.unicodeScalars)[...]
        if rest.first == "!" { throw .negation }
        let rooted = rest.first == "/"
        if rooted { rest.removeFirst() }
        var tokens: [Token] = []
        var atStart = true
        while let scalar = rest.popFirst() {
            let starts = atStart
            atStart = scalar == "/"
            switch scalar {
            case "*":
                if rest.first != "*" {
                    tokens.append(.run)
                    continue
                }
                while rest.first == "*" { rest.removeFirst() }
                // At the very end the slash is the one that asks for a directory.
                if starts, rest.first == "/", rest.count > 1 {
                    rest.removeFirst()
                    tokens += [.directories, .throughSlash]
                    atStart = true
                } else {
                    tokens.append(.runAcross)
                }
            case "?":
                tokens.append(.anyCharacter)
            case "[":
                tokens.append(.oneOf(try parseClass(&rest)))
            case "\\":
                guard let escaped = rest.popFirst() else { throw .danglingEscape }
                tokens.append(.character(escaped.value))
            default:
                tokens.append(.character(scalar.value))
            }
        }
        var directoriesOnly = false
        if case .character(0x2F) = tokens.last {
            directoriesOnly = true
            tokens.removeLast()
        }
        if tokens.isEmpty { throw .empty }
        let anywhere =
            !rooted
            && tokens.allSatisfy { token in
                switch token {
                case .character(0x2F), .directories: false
                default: true
                }
            }
        return (tokens, directoriesOnly, anywhere)
    }

    /// - Parameter rest: what follows the `[`; left behind the `]`.
    private static func parseClass(
        _ rest: inout ArraySlice<Unicode.Scalar>
    ) throws(GlobError) -> CharacterClass {
        var set = CharacterClass()
        if rest.first == "!" || rest.first == "^" {
            set.negated = true
            rest.removeFirst()
        }
        // A `]` that comes first is a member.
        var isFirst = true
        while let scalar = rest.popFirst() {
            if scalar == "]", !isFirst { return set }
            isFirst = false
            if scalar == "[", rest.first == ":" { throw .namedClass }
            let low = try unescaped(scalar, &rest)
            var high = low
            if rest.first == "-", rest.count > 1, rest[rest.startIndex + 1] != "]" {
                rest.removeFirst()
                high = try unescaped(rest.removeFirst(), &rest)
            }
            if high < low { throw .reversedRange }
            set.ranges.append(low...high)
        }
        throw .openClass
    }

    private static func unescaped(
        _ scalar: Unicode.Scalar, _ rest: inout ArraySlice<Unicode.Scalar>
    ) throws(GlobError) -> UInt32 {
        if scalar != "\\" { return scalar.value }
        guard let escaped = rest.popFirst() else { throw .danglingEscape }
        return escaped.value
    }
}
