/// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing past U+10FFFF.
enum UTF8Text {
    enum Unit: Equatable {
        /// A scalar and the count of its bytes.
        case scalar(UInt32, count: Int)
        /// Bytes that are none: the longest beginning of a sequence that could have become one, at least one
        /// byte, to be replaced by one U+FFFD (Unicode 16, section 3.9).
        case invalid(count: Int)
    }

    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var position = 0
        while position < bytes.count {
            if bytes[position] < 0x80 {
                position += 1
                continue
            }
            guard case .scalar(_, let count) = unit(of: bytes, at: position) else { return false }
            position += count
        }
        return true
    }

    /// - Parameter position: of a byte in `bytes`.
    static func unit(of bytes: UnsafeRawBufferPointer, at position: Int) -> Unit {
        let first = bytes[position]
        var scalar: UInt32
        let more: Int
        // The second byte's range depends on the first (Unicode 16, table 3-7), later ones are 80–BF.
        var allowed: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0x00...0x7F: return .scalar(UInt32(first), count: 1)
        case 0xC2...0xDF: (scalar, more) = (UInt32(first & 0x1F), 1)
        case 0xE0...0xEF: (scalar, more) = (UInt32(first & 0x0F), 2)
        case 0xF0...0xF4: (scalar, more) = (UInt32(first & 0x07), 3)
        default: return .invalid(count: 1)
        }
        switch first {
        case 0xE0: allowed = 0xA0...0xBF
        case 0xED: allowed = 0x80...0x9F
        case 0xF0: allowed = 0x90...0xBF
        case 0xF4: allowed = 0x80...0x8F
        default: break
        }
        for step in 1...more {
            guard position + step < bytes.count, allowed.contains(bytes[position + step]) else {
                return .invalid(count: step)
            }
            scalar = scalar << 6 | UInt32(bytes[position + step] & 0x3F)
            allowed = 0x80...0xBF
        }
        return .scalar(scalar, count: more + 1)
    }
}
