internal import CLinux
internal import Glibc
package import PassimCore

extension IPAddress {
    /// An address, and behind a link-local IPv6 one perhaps `%` and an interface (RFC 4007, 11).
    ///
    /// - Returns: nil too where there is no such interface (if_nametoindex(3)).
    package init?(scoped text: String) {
        let parts = text.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self = address
            return
        }
        let scope = if_nametoindex(String(parts[1]))
        guard !address.isIPv4, scope != 0 else { return nil }
        self.init(high: address.high, low: address.low, scope: scope)
    }

    init?(_ storage: sockaddr_storage) {
        switch CInt(storage.ss_family) {
        case AF_INET:
            self = withUnsafeBytes(of: storage) {
                IPAddress(ipv4: UInt32(bigEndian: $0.load(as: sockaddr_in.self).sin_addr.s_addr))
            }
        case AF_INET6:
            self = withUnsafeBytes(of: storage) {
                let address = $0.load(as: sockaddr_in6.self)
                return withUnsafeBytes(of: address.sin6_addr) { bytes in
                    IPAddress(
                        high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                        low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                        scope: address.sin6_scope_id)
                }
            }
        default: return nil
        }
    }

    /// The address as bind(2) and connect(2) take it.
    func withSocketAddress<Result>(
        port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        if isIPv4 {
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
