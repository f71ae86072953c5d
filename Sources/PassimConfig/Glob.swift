package import PassimCore

/// A pattern for paths below a drop-in's directory, in the manner of gitignore(5):
///
/// - `*` is any run of characters but `/`, `**` any run; a `**/` at the start of a component is any number
///   of directories, none included; `?` is one character but `/`; `[a-z]` and `[!a-z]` are one character
///   but `/`; a backslash makes the next character ordinary.
/// - A pattern without `/` is for the last component, at any depth: `*.cab`. One with a `/` at its start
///   or within is for the whole path: `/*.cab`, `2024/*.cab`.
/// - A `/` at the end makes it a pattern for directories only.
///
/// Names are bytes: where they are UTF-8 a character is what it should be, any other byte is a character
/// that only wildcards match. Matching takes time proportional to pattern times path at worst; whatever
/// the names are, it never backtracks.
///
/// Immutable; a class because half the time of a match went into retaining the parts of a struct.
package final class Glob: Sendable {
    /// Bytes of a pattern.
    package static let longest = 1024

    package let pattern: String
    /// The pattern is for the last component only.
    private let anywhere: Bool
    private let directoriesOnly: Bool
    private let tokens: [Token]
    /// The start and end of every match: for nearly all names the answer is no, and this finds out.
    private let prefix: [UInt8]
    private let suffix: [UInt8]

    package init(_ pattern: String) throws(GlobError) {
        self.pattern = pattern
        let (tokens, directoriesOnly, anywhere) = try Glob.parse(pattern)
        self.tokens = tokens
        self.directoriesOnly = directoriesOnly
        self.anywhere = anywhere
        prefix = Glob.literalBytes(tokens)
        suffix = Array(Glob.literalBytes(tokens.reversed()).reversed())
    }

    /// True if this very path matches; the caller asks about the directories above it.
    package func matches(_ path: UnsafeRawBufferPointer, isDirectory: Bool = false) -> Bool {
        if directoriesOnly, !isDirectory { return false }
        var start = 0
        if anywhere {
            start = path.count
            while start > 0, path[start - 1] != 0x2F { start -= 1 }
        }
        guard path.count - start >= max(prefix.count, suffix.count) else { return false }
        for index in prefix.indices where path[start + index] != prefix[index] { return false }
        let end = path.count - suffix.count
        for index in suffix.indices where path[end + index] != suffix[index] { return false }
        return run(UnsafeRawBufferPointer(rebasing: path[start...]))
    }

    package func matches(_ path: RawName, isDirectory: Bool = false) -> Bool {
        path.bytes.withUnsafeBytes { matches($0, isDirectory: isDirectory) }
    }

    /// Thompson's simulation: `reached[i]` says that the first `i` tokens match what was read so far.
    private func run(_ text: UnsafeRawBufferPointer) -> Bool {
        withUnsafeTemporaryAllocation(of: Bool.self, capacity: tokens.count + 1) { reached in
            reached.initialize(repeating: false)
            reached[0] = true
            skipEmpty(reached)
            var rest = text[...]
            while !rest.isEmpty {
                let character = Glob.takeCharacter(&rest)
                var alive = false
                reached[tokens.count] = false
                // From the end, so that what a token reaches is not read again for this character.
                for index in tokens.indices.reversed() where reached[index] {
                    let (stays, advances) = tokens[index].accepts(character)
                    reached[index] = stays
                    if advances { reached[index + 1] = true }
                    alive = alive || stays || advances
                }
                if !alive { return false }
                skipEmpty(reached)
            }
            return reached[tokens.count]
        }
    }

    /// The characters that the tokens begin with, as UTF-8; in the order of the tokens, so backwards for
    /// tokens that are.
    private static func literalBytes(_ tokens: [Token]) -> [UInt8] {
        var bytes: [UInt8] = []
        for token in tokens {
            // Past ASCII the bytes of a character would have to be turned around too.
            guard case .character(let code) = token, code < 0x80 else { break }
            bytes.append(UInt8(code))
        }
        return bytes
    }

    /// Reaches what needs no character.
    @inline(__always)
    private func skipEmpty(_ reached: UnsafeMutableBufferPointer<Bool>) {
        for index in tokens.indices where reached[index] {
            switch tokens[index] {
            case .run, .runAcross:
                reached[index + 1] = true
            case .directories:
                reached[index + 1] = true
                reached[index + 2] = true
            case .character, .anyCharacter, .oneOf, .throughSlash:
                break
            }
        }
    }

    /// The next character of a name, as a Unicode scalar; a byte that is not UTF-8 as a number past them.
    @inline(__always)
    static func takeCharacter(_ rest: inout Slice<UnsafeRawBufferPointer>) -> UInt32 {
        let first = rest.first!
        if first < 0x80 {
            rest.removeFirst()
            return UInt32(first)
        }
        var decoder = UTF8()
        var iterator = rest.makeIterator()
        if case .scalarValue(let scalar) = decoder.decode(&iterator) {
            rest.removeFirst(UTF8.width(scalar))
            return scalar.value
        }
        rest.removeFirst()
        return 0x110000 + UInt32(first)
    }
}

extension Glob: Equatable {
    package static func == (one: Glob, other: Glob) -> Bool { one.pattern == other.pattern }
}

extension Glob: CustomStringConvertible {
    package var description: String { pattern }
}
