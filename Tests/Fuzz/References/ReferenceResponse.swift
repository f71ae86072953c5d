@testable import PassimFetch

/// A second reading of answers' heads, on bytes.
struct ReferenceResponse {
    var isComplete = false
    var allowsHead = false
    var contentRange: ContentRange?

    /// - Parameter lines: with their ends.
    init(_ lines: [[UInt8]]) {
        for line in lines {
            isComplete = line == [0x0A] || line == [0x0D, 0x0A]
            if line.starts(with: "HTTP/".utf8) { (allowsHead, contentRange) = (false, nil) }
            guard let colon = line.firstIndex(of: 0x3A) else { continue }
            let name = String(
                decoding: line[..<colon].map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
            var value = line[(colon + 1)...]
            if value.last == 0x0A { value.removeLast() }
            if value.last == 0x0D, line.last == 0x0A { value.removeLast() }
            if name == "content-range" { contentRange = ReferenceResponse.range(value) }
            if name == "allow", ReferenceResponse.words(value, [0x2C]).contains(Array("HEAD".utf8)) {
                allowsHead = true
            }
        }
    }

    private static func words(_ value: ArraySlice<UInt8>, _ separators: Set<UInt8> = []) -> [[UInt8]] {
        value.split { separators.contains($0) || $0 == 0x20 || $0 == 0x09 }.map { Array($0) }
    }

    private static func range(_ value: ArraySlice<UInt8>) -> ContentRange? {
        let words = words(value)
        guard words.count == 2, String(decoding: words[0], as: UTF8.self).lowercased() == "bytes" else {
            return nil
        }
        let length = words[1].split(separator: 0x2F, omittingEmptySubsequences: false)
        let ends = length[0].split(separator: 0x2D, omittingEmptySubsequences: false)
        guard length.count == 2, ends.count == 2, let whole = number(length[1]), let first = number(ends[0]),
            let last = number(ends[1]), first <= last, last < whole
        else { return nil }
        return ContentRange(first: first, last: last, length: whole)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            guard 0x30...0x39 ~= digit, value <= (UInt64.max - UInt64(digit - 0x30)) / 10 else { return nil }
            value = value * 10 + UInt64(digit - 0x30)
        }
        return value
    }
}
