import PassimCore
import PassimSystem

/// IPv6 addresses of this machine, from /proc/net/if_inet6.
enum OwnAddress {
    static let hasIPv6Loopback = addresses.contains { $0.low == 1 && $0.high == 0 }

    static let linkLocal: IPAddress? = addresses.first { $0.high >> 48 == 0xFE80 }

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
