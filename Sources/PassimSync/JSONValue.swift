internal import PassimCore

/// JSON (RFC 8259) of a few kilobytes: of what strangers signed, so its depth is limited, and how many values it holds:
/// one takes some hundred bytes at most, beside its text.
enum JSONValue: Hashable, Sendable {
    case object([String: JSONValue])
    case array([JSONValue])
    case string(String)
    case number(Double)
    case bool(Bool)
    case null

    static let deepest = 32
    static let mostValues = 1 << 14

    /// nil where it is no JSON, nested deeper than `deepest`, or holds more than `mostValues` values.
    init?(_ bytes: [UInt8]) {
        var reader = JSONReader(bytes)
        guard let value = reader.value(depth: 0), reader.isAtEnd() else { return nil }
        self = value
    }

    subscript(key: String) -> JSONValue? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    var elements: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
}

private struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var count = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    mutating func isAtEnd() -> Bool {
        skipSpace()
        return next == nil
    }

    mutating func value(depth: Int) -> JSONValue? {
        count += 1
        guard depth <= JSONValue.deepest, count <= JSONValue.mostValues else { return nil }
        skipSpace()
        switch next {
        case 0x7B: return object(depth)
        case 0x5B: return array(depth)
        case 0x22: return string().map { .string($0) }
        case 0x74: return take("true") ? .bool(true) : nil
        case 0x66: return take("false") ? .bool(false) : nil
        case 0x6E: return take("null") ? .null : nil
        default: return number()
        }
    }

    private mutating func object(_ depth: Int) -> JSONValue? {
        position += 1
        var members: [String: JSONValue] = [:]
        if take(0x7D) { return .object(members) }
        repeat {
            skipSpace()
            guard next == 0x22, let key = string(), take(0x3A), let member = value(depth: depth + 1) else {
                return nil
            }
            members[key] = member
        } while take(0x2C)
        return take(0x7D) ? .object(members) : nil
    }

    private mutating func array(_ depth: Int) -> JSONValue? {
        position += 1
        var elements: [JSONValue] = []
        if take(0x5D) { return .array(elements) }
        repeat {
            guard let element = value(depth: depth + 1) else { return nil }
            elements.append(element)
        } while take(0x2C)
        return take(0x5D) ? .array(elements) : nil
    }

    private mutating func string() -> String? {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case 0x22: return String(validating: text, as: UTF8.self)
            case 0x5C:
                guard let scalar = escape() else { return nil }
                text += UTF8.encode(scalar)!
            case 0..<0x20: return nil
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard let byte = next else { return nil }
        position += 1
        switch byte {
        case 0x22, 0x5C, 0x2F: return Unicode.Scalar(byte)
        case 0x62: return "\u{08}"
        case 0x66: return "\u{0C}"
        case 0x6E: return "\n"
        case 0x72: return "\r"
        case 0x74: return "\t"
        case 0x75:
            guard let first = unit() else { return nil }
            guard 0xD800...0xDBFF ~= first else { return Unicode.Scalar(first) }
            guard take("\\u"), let second = unit(), 0xDC00...0xDFFF ~= second else { return nil }
            return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        default: return nil
        }
    }

    private mutating func unit() -> UInt32? {
        guard position + 4 <= bytes.count else { return nil }
        defer { position += 4 }
        let digits = bytes[position..<position + 4]
        guard digits.allSatisfy({ hexValue($0) < 16 }) else { return nil }
        return digits.reduce(0) { $0 << 4 | UInt32(hexValue($1)) }
    }

    private mutating func number() -> JSONValue? {
        let start = position
        while let byte = next, 0x30...0x39 ~= byte || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte) {
            position += 1
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        // Double takes more than JSON has: a sign +, a point at an end.
        guard let first = text.utf8.first, first == 0x2D || 0x30...0x39 ~= first, text.utf8.last != 0x2E,
            let number = Double(text)
        else { return nil }
        return .number(number)
    }
}
