internal import Glibc

/// A file name or relative path as the kernel has it: any bytes but NUL, often but not always UTF-8.
///
/// As a path it has no leading, trailing or double `/`, and no `.` or `..` component; the empty one is
/// the directory itself.
package struct RawName: Hashable, Sendable, Comparable {
    package var bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(_ string: some StringProtocol) {
        bytes = Array(string.utf8)
    }

    package init(_ buffer: UnsafeRawBufferPointer) {
        bytes = Array(buffer)
    }

    package static let empty = RawName(bytes: [])

    package var isEmpty: Bool { bytes.isEmpty }

    /// The path of `name` in the directory that this path names.
    package func appending(_ name: RawName) -> RawName {
        if isEmpty { return name }
        var joined = [UInt8]()
        joined.reserveCapacity(bytes.count + 1 + name.bytes.count)
        joined.append(contentsOf: bytes)
        joined.append(0x2F)
        joined.append(contentsOf: name.bytes)
        return RawName(bytes: joined)
    }

    /// The last component.
    package var basename: RawName {
        guard let slash = bytes.lastIndex(of: 0x2F) else { return self }
        return RawName(bytes: Array(bytes[(slash + 1)...]))
    }

    /// All but the last component; empty where there is only one.
    package var parent: RawName {
        guard let slash = bytes.lastIndex(of: 0x2F) else { return .empty }
        return RawName(bytes: Array(bytes[..<slash]))
    }

    // Array's own comparison and hashing go element by element.

    package static func == (one: RawName, other: RawName) -> Bool {
        one.bytes.withUnsafeBytes { one in
            other.bytes.withUnsafeBytes { other in
                one.count == other.count
                    && (one.isEmpty || memcmp(one.baseAddress!, other.baseAddress!, one.count) == 0)
            }
        }
    }

    package func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    package static func < (one: RawName, other: RawName) -> Bool {
        one.bytes.lexicographicallyPrecedes(other.bytes)
    }
}

extension RawName: CustomStringConvertible {
    /// For logs and messages: valid UTF-8 as it is, backslashes, invalid bytes and what `ForeignText` escapes
    /// as `\xHH`, so that a file name can neither forge a log line nor hide.
    package var description: String {
        var text = ""
        var rest = bytes[...]
        while !rest.isEmpty {
            var decoder = UTF8()
            var iterator = rest.makeIterator()
            if case .scalarValue(let scalar) = decoder.decode(&iterator) {
                let length = UTF8.width(scalar)
                if ForeignText.isHarmful(scalar) || scalar == "\\" {
                    for byte in rest.prefix(length) { text += RawName.escape(byte) }
                } else {
                    text.unicodeScalars.append(scalar)
                }
                rest = rest.dropFirst(length)
            } else {
                text += RawName.escape(rest.removeFirst())
            }
        }
        return text
    }

    private static func escape(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return "\\x" + (digits.count == 1 ? "0" : "") + digits
    }
}
