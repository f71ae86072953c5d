/// Records of TLS (RFC 8446, 5.1) as bytes on the wire.
package enum TLSRecords {
    package static let changeCipherSpec: UInt8 = 20
    package static let alert: UInt8 = 21
    package static let handshake: UInt8 = 22
    package static let data: UInt8 = 23

    /// One record, whatever its length says.
    package static func record(_ type: UInt8, _ content: [UInt8], version: UInt16 = 0x0303) -> [UInt8] {
        [type] + bytes(version) + bytes(UInt16(truncatingIfNeeded: content.count)) + content
    }

    /// Content in records of `size` bytes each.
    package static func records(
        _ type: UInt8, _ content: [UInt8], size: Int, version: UInt16 = 0x0301
    ) -> [UInt8] {
        stride(from: 0, to: content.count, by: size).flatMap { start in
            record(type, Array(content[start..<min(content.count, start + size)]), version: version)
        }
    }

    /// The same handshake messages in records of one byte each; what is encrypted stays as it is.
    package static func splitHandshake(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes[...]
        var isPlain = true
        while rest.count >= 5 {
            let start = rest.startIndex
            let end = start + 5 + Int(rest[start + 3]) << 8 + Int(rest[start + 4])
            guard end <= rest.endIndex else { break }
            let type = rest[start]
            // In TLS 1.2 what follows this is encrypted, handshake or not.
            if type == changeCipherSpec { isPlain = false }
            if type == handshake, isPlain {
                let version = UInt16(rest[start + 1]) << 8 | UInt16(rest[start + 2])
                result += records(handshake, Array(rest[(start + 5)..<end]), size: 1, version: version)
            } else {
                result += rest[start..<end]
            }
            rest = rest[end...]
        }
        return result + rest
    }

    package static func bytes(_ number: UInt16) -> [UInt8] {
        [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
    }

    /// Behind its length of 16 bits.
    package static func vector(_ content: [UInt8]) -> [UInt8] {
        bytes(UInt16(truncatingIfNeeded: content.count)) + content
    }
}
