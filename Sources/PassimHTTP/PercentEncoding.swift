package import PassimCore

/// Percent-encoding of a file name for a URL (RFC 3986 section 2.1): byte by byte, all but the unreserved
/// characters. The result is ASCII, and safe in a quoted string, in RFC 8187's value and in an attribute.
package enum PercentEncoding {
    package static func encode(_ name: UnsafeRawBufferPointer) -> [UInt8] {
        var encoded = [UInt8]()
        append(name, to: &encoded)
        return encoded
    }

    package static func encode(_ name: RawName) -> [UInt8] {
        name.bytes.withUnsafeBytes { encode($0) }
    }

    package static func append(_ name: UnsafeRawBufferPointer, to output: inout [UInt8]) {
        let digits: StaticString = "0123456789ABCDEF"
        for byte in name {
            if ByteSet.unreserved.contains(byte) {
                output.append(byte)
            } else {
                output.append(ASCII.percent)
                output.append(digits.utf8Start[Int(byte >> 4)])
                output.append(digits.utf8Start[Int(byte & 0x0F)])
            }
        }
    }

    package static func append(_ name: RawName, to output: inout [UInt8]) {
        name.bytes.withUnsafeBytes { append($0, to: &output) }
    }

    /// Decodes byte by byte; a `%` without two hexadecimal digits behind it is itself.
    package static func decode(_ text: some Sequence<UInt8>) -> [UInt8] {
        var rest = Array(text)[...]
        var bytes: [UInt8] = []
        bytes.reserveCapacity(rest.count)
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2)
            if byte == ASCII.percent, digits.count == 2,
                let high = hexadecimal(digits.first!), let low = hexadecimal(digits.last!)
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }

    /// True if encoding leaves `name` as it is.
    package static func isPlain(_ name: UnsafeRawBufferPointer) -> Bool {
        name.allSatisfy(ByteSet.unreserved.contains)
    }
}
