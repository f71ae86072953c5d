// Values of the audit log: valid UTF-8 on one line, with the three characters that mean something escaped.
// Names and command lines are of others (ForeignText).

internal import PassimCore

enum AuditText {
    private static let backslash = UInt8(ascii: "\\")

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "=") || byte == backslash
    }

    /// Writes invalid UTF-8 as U+FFFD, and harmful characters as `ForeignText` escapes them, `\\u202e`:
    /// a file name can neither make a line nor break one, nor show itself as another, whoever reads it.
    static func append(_ value: [UInt8], to bytes: inout [UInt8]) {
        if value.allSatisfy({ 0x20..<0x7F ~= $0 && !isSpecial($0) }) {
            bytes.append(contentsOf: value)
            return
        }
        for scalar in String(decoding: value, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            // The backslash of an escape is a character of the value.
            case _ where ForeignText.isHarmful(scalar):
                bytes.append(backslash)
                bytes.append(contentsOf: ForeignText.escape(scalar).utf8)
            case 0x2C, 0x3D, 0x5C: bytes.append(contentsOf: [backslash, UInt8(scalar.value)])
            default: bytes.append(contentsOf: UTF8.encode(scalar)!)
            }
        }
    }

    static func append(_ text: StaticString, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// In decimal.
    static func append(_ number: UInt64, to bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = number
        repeat {
            bytes.append(0x30 + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes[start...].reverse()
    }

    /// `key=value,key=value`, unescaped.
    ///
    /// - Parameter body: told of each; false ends it.
    /// - Returns: false where the text is malformed, or `body` said so.
    static func forEachField(
        _ text: Slice<UnsafeRawBufferPointer>, _ body: (Slice<UnsafeRawBufferPointer>, [UInt8]) -> Bool
    ) -> Bool {
        var position = text.startIndex
        while true {
            guard let equals = text[position...].firstIndex(of: UInt8(ascii: "=")) else { return false }
            let key = text[position..<equals]
            guard !key.isEmpty, key.allSatisfy({ UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }) else {
                return false
            }
            var value: [UInt8] = []
            position = equals + 1
            while position < text.endIndex, text[position] != UInt8(ascii: ",") {
                var byte = text[position]
                if byte == UInt8(ascii: "=") { return false }
                if byte == backslash {
                    position += 1
                    guard position < text.endIndex, isSpecial(text[position]) else { return false }
                    byte = text[position]
                }
                value.append(byte)
                position += 1
            }
            guard body(key, value) else { return false }
            if position == text.endIndex { return true }
            position += 1
        }
    }
}
