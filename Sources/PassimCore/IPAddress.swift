internal import Glibc

/// An IPv4 or IPv6 address, IPv4 in its mapped form ::ffff:a.b.c.d (RFC 4291, 2.5.5.2), so that one client
/// is one address whichever socket it came through.
package struct IPAddress: Hashable, Sendable {
    /// The 128 bits in network order, as two words in the order of this machine.
    package let high: UInt64
    package let low: UInt64
    /// The interface of a link-local address, else 0.
    package let scope: UInt32

    package init(high: UInt64, low: UInt64, scope: UInt32 = 0) {
        self.high = high
        self.low = low
        self.scope = scope
    }

    /// - Parameter ipv4: in the order of this machine: 0x7F000001 is 127.0.0.1.
    package init(ipv4: UInt32) {
        self.init(high: 0, low: 0x0000_FFFF_0000_0000 | UInt64(ipv4))
    }

    /// As inet_pton(3) reads it, without brackets, scope, port or prefix; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        // A NUL would end the text for inet_pton.
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(ipv4: UInt32(bigEndian: v4.s_addr))
            return
        }
        var words: (UInt64, UInt64) = (0, 0)
        guard inet_pton(AF_INET6, text, &words) == 1 else { return nil }
        self.init(high: UInt64(bigEndian: words.0), low: UInt64(bigEndian: words.1))
    }

    package var isIPv4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// 127/8, ::1 and ::ffff:127/104.
    package var isLoopback: Bool {
        high == 0 && (low == 1 || low >> 24 == 0xFFFF7F)
    }

    /// 169.254/16 (RFC 3927) and fe80::/10.
    package var isLinkLocal: Bool {
        isIPv4 ? low >> 16 & 0xFFFF == 0xA9FE : high >> 54 == 0xFE80 >> 6
    }
}

extension IPAddress: CustomStringConvertible {
    /// As the audit log and the cooldown's messages have it: no scope, IPv4 unmapped (RFC 5952).
    package var description: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            if isIPv4 {
                var address = in_addr(s_addr: UInt32(truncatingIfNeeded: low).bigEndian)
                inet_ntop(AF_INET, &address, buffer.baseAddress, socklen_t(buffer.count))
            } else {
                var words = (high.bigEndian, low.bigEndian)
                inet_ntop(AF_INET6, &words, buffer.baseAddress, socklen_t(buffer.count))
            }
            return String(cString: buffer.baseAddress!)
        }
    }
}
