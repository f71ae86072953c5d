internal import Glibc
package import PassimCore
internal import PassimSystem

/// Addresses of this machine.
package enum OwnAddress {
    /// An IPv4 address that is not loopback: asked there, the daemon takes its client for another machine.
    package static let other: IPAddress? = {
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
            if !address.isLoopback { return address }
        }
        return nil
    }()

    package static let hasIPv6Loopback = addresses.contains { $0.low == 1 && $0.high == 0 }

    package static let linkLocal: IPAddress? = addresses.first { $0.high >> 48 == 0xFE80 }

    /// Of /proc/net/if_inet6.
    private static let addresses: [IPAddress] = {
        var bytes = [UInt8](repeating: 0, count: 65536)
        guard let file = try? Descriptor.open("/proc/net/if_inet6", [.readOnly]),
            let count = try? bytes.withUnsafeMutableBytes({ try file.read(into: $0) })
        else { return [] }
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").compactMap { line in
            // Address, interface, prefix, scope, flags, name; the numbers in hexadecimal.
            let fields = line.split(separator: " ")
            guard fields.count >= 6, let high = UInt64(fields[0].prefix(16), radix: 16),
                let low = UInt64(fields[0].dropFirst(16), radix: 16),
                let interface = UInt32(fields[1], radix: 16)
            else { return nil }
            return IPAddress(high: high, low: low, scope: high >> 48 == 0xFE80 ? interface : 0)
        }
    }()
}
