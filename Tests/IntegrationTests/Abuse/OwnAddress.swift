import Glibc
import PassimCore

/// Addresses of this machine at which the daemon takes it for somebody else's.
enum OwnAddress {
    /// An IPv4 address that is not loopback.
    static let first: String? = {
        var all: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&all) == 0 else { return nil }
        defer { freeifaddrs(all) }
        var next = all
        while let one = next {
            next = one.pointee.ifa_next
            guard let socket = UnsafeRawPointer(one.pointee.ifa_addr),
                socket.loadUnaligned(as: UInt16.self) == UInt16(AF_INET)
            else { continue }
            let bits = socket.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            let address = IPAddress(ipv4: UInt32(bigEndian: bits))
            if !address.isLoopback { return address.description }
        }
        return nil
    }()
}
