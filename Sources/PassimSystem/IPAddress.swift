internal import CLinux
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

    /// - Parameter v4: in the order of this machine: 0x7F000001 is 127.0.0.1.
    package init(v4: UInt32) {
        self.init(high: 0, low: 0x0000_FFFF_0000_0000 | UInt64(v4))
    }

    /// As inet_pton(3) reads it, and `%interface` behind a link-local IPv6 address; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        var v4 = in_addr()
        if parts.count == 1, inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4: UInt32(bigEndian: v4.s_addr))
            return
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, String(parts[0]), &v6) == 1 else { return nil }
        var scope: UInt32 = 0
        if parts.count == 2 {
            scope = if_nametoindex(String(parts[1]))
            if scope == 0 { return nil }
        }
        self.init(v6, scope: scope)
    }

    init(_ v6: in6_addr, scope: UInt32) {
        (high, low) = withUnsafeBytes(of: v6) { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.scope = scope
    }

    package var isV4: Bool { high == 0 && low >> 32 == 0xFFFF }

    /// 127/8, ::1 and ::ffff:127/104.
    package var isLoopback: Bool {
        high == 0 && (low == 1 || low >> 24 == 0xFFFF7F)
    }

    init?(_ storage: sockaddr_storage) {
        switch CInt(storage.ss_family) {
        case AF_INET:
            self = withUnsafeBytes(of: storage) {
                IPAddress(v4: UInt32(bigEndian: $0.load(as: sockaddr_in.self).sin_addr.s_addr))
            }
        case AF_INET6:
            self = withUnsafeBytes(of: storage) {
                let address = $0.load(as: sockaddr_in6.self)
                return IPAddress(address.sin6_addr, scope: address.sin6_scope_id)
            }
        default: return nil
        }
    }

    /// The address as bind(2) and connect(2) take it.
    func withSocketAddress<Result>(
        port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        if isV4 {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        address.sin6_scope_id = scope
        withUnsafeMutableBytes(of: &address.sin6_addr) { bytes in
            bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// As the audit log and the cooldown's messages have it: no scope, IPv4 unmapped (RFC 5952).
    package var description: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            if isV4 {
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
