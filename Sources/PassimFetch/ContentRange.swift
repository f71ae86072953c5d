/// The part of a file that a 206 holds, `Content-Range: bytes FIRST-LAST/LENGTH` (RFC 9110, 14.4).
struct ContentRange: Hashable, Sendable {
    /// Both are part of it.
    var first: UInt64
    var last: UInt64
    /// The length of the whole file.
    var length: UInt64

    init(first: UInt64, last: UInt64, length: UInt64) {
        self.first = first
        self.last = last
        self.length = length
    }

    /// - Parameter value: of the field. Without a length, and in other units, a range says nothing to us.
    init?(_ value: Substring) {
        let words = value.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard words.count == 2, Substring(words[0]).lowercased() == "bytes" else { return nil }
        let parts = words[1].split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, let length = ContentRange.number(parts[1]) else { return nil }
        let ends = parts[0].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard ends.count == 2, let first = ContentRange.number(ends[0]),
            let last = ContentRange.number(ends[1]), first <= last, last < length
        else { return nil }
        self.init(first: first, last: last, length: length)
    }

    /// True if it is what was asked for with `Range: bytes=OFFSET-`: all that is missing.
    func completes(from offset: UInt64) -> Bool {
        first == offset && last == length - 1
    }

    /// Digits and nothing else: `UInt64` itself takes a sign.
    private static func number(_ digits: Substring.UTF8View) -> UInt64? {
        guard !digits.isEmpty, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return UInt64(Substring(digits))
    }
}
