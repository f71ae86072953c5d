package import PassimCore

/// The names of DNS-SD (RFC 6763) under which machines say what they have; passim-protocol(7), MDNS.
package enum CacheService {
    package static let type = "_cache._tcp"

    /// An instance name: `Passim-` and four upper-case hexadecimal digits.
    static func instanceName(_ number: UInt16) -> String {
        let digits = String(number, radix: 16, uppercase: true)
        return "Passim-" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
    }

    /// `_<60 hex digits>._sub._cache._tcp`: a label has room for 63 bytes, a digest has 64 digits.
    package static func subtype(of digest: Digest) -> String {
        String(unsafeUninitializedCapacity: subtypeCount) { buffer in
            writeSubtype(of: digest, to: UnsafeMutableRawBufferPointer(buffer))
            return subtypeCount
        }
    }

    private static let suffix = "._sub._cache._tcp"
    private static let subtypeCount = 1 + 60 + suffix.utf8.count

    private static func writeSubtype(of digest: Digest, to buffer: UnsafeMutableRawBufferPointer) {
        buffer[0] = 0x5F
        // Four digits too many, which the suffix takes the place of.
        digest.writeHex(to: UnsafeMutableRawBufferPointer(rebasing: buffer[1...]))
        var position = 61
        for byte in suffix.utf8 {
            buffer[position] = byte
            position += 1
        }
    }

    /// The content of a PTR record that names an instance: labels behind their lengths (RFC 1035, 3.1).
    ///
    /// - Parameter domain: labels with dots between them.
    static func pointer(to instance: String, domain: String) -> [UInt8] {
        var bytes: [UInt8] = []
        let labels = [Substring(instance)] + type.split(separator: ".") + domain.split(separator: ".")
        for label in labels where label.utf8.count <= 63 {
            bytes.append(UInt8(label.utf8.count))
            bytes.append(contentsOf: label.utf8)
        }
        bytes.append(0)
        return bytes
    }
}
