internal import CLinux
internal import Glibc

/// An IPv4 or IPv6 address without port and scope. An IPv4-mapped IPv6 address (::ffff:192.0.2.1, what a
/// socket for both tells of its IPv4 peers) is the IPv4 address. Trivial to copy.
package struct IPAddress: Hashable, Sendable {
    /// The 16 bytes of the IPv6 form as big-endian words; IPv4 in its mapped form.
    package let words: (high: UInt64, low: UInt64)

    package init(high: UInt64, low: UInt64) {
        words = (high, low)
    }

    /// - Parameter ipv4: in host order, 127.0.0.1 is 0x7F000001.
    package init(ipv4: UInt32) {
        words = (0, 0xFFFF << 32 | UInt64(ipv4))
    }

    /// inet_pton(3): the plain forms only; no brackets, scope, port or prefix.
    package init?(_ text: String) {
        var bytes: (UInt64, UInt64) = (0, 0)
        let parsed = withUnsafeMutableBytes(of: &bytes) { buffer -> IPAddress? in
            if inet_pton(AF_INET, text, buffer.baseAddress) == 1 {
                return IPAddress(ipv4: UInt32(bigEndian: buffer.load(as: UInt32.self)))
            }
            if inet_pton(AF_INET6, text, buffer.baseAddress) == 1 {
                return IPAddress(
                    high: UInt64(bigEndian: buffer.load(as: UInt64.self)),
                    low: UInt64(bigEndian: buffer.load(fromByteOffset: 8, as: UInt64.self)))
            }
            return nil
        }
        // A NUL would have ended the text for inet_pton.
        guard let parsed, !text.utf8.contains(0) else { return nil }
        self = parsed
    }

    package var isIPv4: Bool { words.high == 0 && words.low >> 32 == 0xFFFF }

    /// 127/8 and ::1; 127/8 in its mapped form too.
    package var isLoopback: Bool {
        isIPv4 ? words.low >> 24 & 0xFF == 127 : words.high == 0 && words.low == 1
    }

    package static func == (one: IPAddress, other: IPAddress) -> Bool {
        one.words == other.words
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.high)
        hasher.combine(words.low)
    }
}

extension IPAddress: CustomStringConvertible {
    /// inet_ntop(3): `192.0.2.1`, `2001:db8::1`.
    package var description: String {
        let family = isIPv4 ? AF_INET : AF_INET6
        var bytes = (words.high.bigEndian, words.low.bigEndian)
        return withUnsafeBytes(of: &bytes) { buffer in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
                _ = inet_ntop(
                    family, buffer.baseAddress! + (isIPv4 ? 12 : 0), text.baseAddress, socklen_t(text.count))
                return String(cString: text.baseAddress!)
            }
        }
    }
}
