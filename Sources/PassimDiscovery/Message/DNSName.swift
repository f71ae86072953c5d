/// A domain name as on the wire, without compression: labels behind their lengths, the root's 0 last
/// (RFC 1035, 3.1). Names are the same whatever the case of their ASCII letters (RFC 6762, 16).
struct DNSName: Sendable {
    let bytes: [UInt8]

    /// RFC 1035, 2.3.4, the root's 0 included.
    static let longest = 255

    /// - Parameter bytes: a whole name of that form.
    init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// - Returns: nil where a label is empty or has more than 63 bytes, or all are too long together.
    init?(_ labels: [some StringProtocol]) {
        var bytes: [UInt8] = []
        for label in labels {
            guard (1...63).contains(label.utf8.count) else { return nil }
            bytes.append(UInt8(label.utf8.count))
            bytes.append(contentsOf: label.utf8)
        }
        bytes.append(0)
        guard bytes.count <= DNSName.longest else { return nil }
        self.bytes = bytes
    }
}

extension DNSName: Hashable {
    static func == (one: DNSName, other: DNSName) -> Bool {
        one.bytes.count == other.bytes.count
            && zip(one.bytes, other.bytes).allSatisfy { foldedASCII($0) == foldedASCII($1) }
    }

    func hash(into hasher: inout Hasher) {
        for byte in bytes { hasher.combine(foldedASCII(byte)) }
    }
}

/// The lower-case letter of an upper-case one. Lengths of labels are below the letters.
@inline(__always)
func foldedASCII(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
}

extension DNSName: CustomStringConvertible {
    /// For failures of tests: a label's other characters are not escaped.
    var description: String {
        var labels: [String] = []
        var position = 0
        while position < bytes.count, bytes[position] != 0 {
            let end = position + 1 + Int(bytes[position])
            labels.append(String(decoding: bytes[(position + 1)..<min(end, bytes.count)], as: UTF8.self))
            position = end
        }
        return labels.joined(separator: ".")
    }
}
