/// A second implementation of `Glob` to compare with: recursive, plain, exponential, for ASCII patterns
/// without escapes and any names.
struct ReferenceGlob {
    var pattern: String

    func matches(_ path: [UInt8], isDirectory: Bool) -> Bool {
        var pattern = Array(self.pattern.utf8)
        let rooted = pattern.first == 0x2F
        if rooted { pattern.removeFirst() }
        if pattern.last == 0x2F {
            if !isDirectory { return false }
            pattern.removeLast()
        }
        var text = path
        if !rooted, !ReferenceGlob.hasSlash(pattern), let slash = text.lastIndex(of: 0x2F) {
            text = Array(text[(slash + 1)...])
        }
        return ReferenceGlob.match(pattern[...], text[...], atStart: true)
    }

    /// A slash outside a class.
    private static func hasSlash(_ pattern: [UInt8]) -> Bool {
        var rest = pattern[...]
        while let byte = rest.popFirst() {
            if byte == 0x2F { return true }
            if byte == 0x5B { _ = takeClass(&rest) }
        }
        return false
    }

    private static func match(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>, atStart: Bool) -> Bool
    {
        var rest = pattern
        guard let byte = rest.popFirst() else { return text.isEmpty }
        if byte == 0x2A {
            if rest.first != 0x2A {
                let end = text.firstIndex(of: 0x2F) ?? text.endIndex
                return (text.startIndex...end).contains { match(rest, text[$0...], atStart: false) }
            }
            rest = rest.drop { $0 == 0x2A }
            if atStart, rest.first == 0x2F {
                let below = rest.dropFirst()
                return match(below, text, atStart: true)
                    || text.indices.contains {
                        text[$0] == 0x2F && match(below, text[($0 + 1)...], atStart: true)
                    }
            }
            return (text.startIndex...text.endIndex).contains { match(rest, text[$0...], atStart: false) }
        }
        guard let first = text.first else { return false }
        var width = 1
        if first >= 0x80 {
            for length in 2...4 where text.count >= length {
                if String(validating: text.prefix(length), as: UTF8.self)?.unicodeScalars.count == 1 {
                    width = length
                }
            }
        }
        let after = text.dropFirst(width)
        switch byte {
        case 0x3F:
            return first != 0x2F && match(rest, after, atStart: false)
        case 0x5B:
            let (negated, members) = takeClass(&rest)
            let isMember = first < 0x80 && members.contains(first)
            return first != 0x2F && isMember != negated && match(rest, after, atStart: false)
        default:
            return first == byte && match(rest, after, atStart: byte == 0x2F)
        }
    }

    private static func takeClass(_ rest: inout ArraySlice<UInt8>) -> (negated: Bool, members: Set<UInt8>) {
        let negated = rest.first == 0x21
        if negated { rest.removeFirst() }
        var members: Set<UInt8> = []
        repeat {
            let low = rest.removeFirst()
            if rest.first == 0x2D, rest.dropFirst().first != 0x5D {
                rest.removeFirst()
                members.formUnion(low...rest.removeFirst())
            } else {
                members.insert(low)
            }
        } while rest.first != 0x5D
        rest.removeFirst()
        return (negated, members)
    }
}
