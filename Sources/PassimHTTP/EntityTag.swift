internal import PassimCore

/// Entity tags (RFC 9110 section 8.8.3). Ours is the digest in lower-case hex, and strong.
struct EntityTag {
    /// The bytes between the quotes.
    let opaque: UnsafeRawBufferPointer
    let isWeak: Bool

    func names(_ digest: Digest) -> Bool {
        guard opaque.count == Digest.hexCount else { return false }
        // Digest folds upper case, a tag is compared byte by byte.
        for byte in opaque where byte &- 0x41 < 26 { return false }
        return Digest(hex: opaque) == digest
    }
}

/// Takes tags off the front of a field value.
struct EntityTagReader {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ value: UnsafeRawBufferPointer) {
        rest = value
    }

    /// - Returns: nil, and stays where it is, when no well-formed tag stands here.
    mutating func tag() -> EntityTag? {
        var start = 0
        let isWeak = rest.count >= 2 && rest.part(0..<2).equals("W/")
        if isWeak { start = 2 }
        guard start < rest.count, rest[start] == ASCII.quote else { return nil }
        start += 1
        var end = start
        while end < rest.count, rest[end] > ASCII.space, rest[end] != ASCII.quote, rest[end] != 0x7F {
            end += 1
        }
        guard end < rest.count, rest[end] == ASCII.quote else { return nil }
        let tag = EntityTag(opaque: rest.part(start..<end), isWeak: isWeak)
        rest = rest.part(end + 1..<rest.count)
        return tag
    }

    /// Passes over commas and whitespace.
    mutating func separator() -> Bool {
        var end = 0
        var sawComma = false
        while end < rest.count, ASCII.isWhitespace(rest[end]) || rest[end] == ASCII.comma {
            if rest[end] == ASCII.comma { sawComma = true }
            end += 1
        }
        rest = rest.part(end..<rest.count)
        return sawComma
    }
}
