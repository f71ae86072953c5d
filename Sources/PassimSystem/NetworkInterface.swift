internal import CLinux
internal import Glibc
package import PassimCore

/// An interface of this host, with its addresses: getifaddrs(3).
package struct NetworkInterface: Equatable, Sendable {
    package struct Address: Equatable, Sendable {
        package var address: IPAddress
        /// Bits: of 32, or of 128.
        package var prefixLength: Int

        package var network: Network { Network(address, prefixLength: prefixLength) }
    }

    package var index: UInt32
    package var name: String
    package var addresses: [Address] = []
    /// It is up and has a carrier.
    package var isRunning: Bool
    package var isMulticast: Bool
    package var isLoopback: Bool
    package var isPointToPoint: Bool

    /// All of them.
    package static func all() throws(SystemError) -> [NetworkInterface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        _ = try retrying(.getifaddrs) { getifaddrs(&list) }
        defer { freeifaddrs(list) }
        var found: [String: NetworkInterface] = [:]
        let entries = Array(sequence(first: list) { $0?.pointee.ifa_next }.prefix { $0 != nil }.map { $0! })
        // The link comes first, whatever the order is.
        for entry in entries {
            if let interface = NetworkInterface(entry.pointee) { found[interface.name] = interface }
        }
        for entry in entries {
            guard let address = Address(entry.pointee) else { continue }
            found[String(cString: entry.pointee.ifa_name)]?.addresses.append(address)
        }
        return found.values.sorted { $0.index < $1.index }
    }

    /// if_nametoindex(3); 0 where there is none of that name.
    package static func number(of name: String) -> UInt32 { if_nametoindex(name) }
}

extension NetworkInterface {
    fileprivate init?(_ entry: ifaddrs) {
        guard let address = entry.ifa_addr, CInt(address.pointee.sa_family) == AF_PACKET else { return nil }
        index = UInt32(
            bitPattern: UnsafeRawPointer(address).loadUnaligned(as: sockaddr_ll.self).sll_ifindex)
        name = String(cString: entry.ifa_name)
        func has(_ flag: Int) -> Bool { Int(entry.ifa_flags) & flag != 0 }
        isRunning = has(IFF_UP) && has(IFF_RUNNING)
        isMulticast = has(IFF_MULTICAST)
        isLoopback = has(IFF_LOOPBACK)
        isPointToPoint = has(IFF_POINTOPOINT)
    }
}

extension NetworkInterface.Address {
    fileprivate init?(_ entry: ifaddrs) {
        guard let address = entry.ifa_addr, let mask = entry.ifa_netmask,
            let parsed = IPAddress(address), let bits = IPAddress(mask)
        else { return nil }
        self.address = parsed
        let count = bits.high.nonzeroBitCount + bits.low.nonzeroBitCount
        // The mapped form of an IPv4 mask has 16 more.
        prefixLength = parsed.isIPv4 ? count - 16 : count
    }
}

extension IPAddress {
    fileprivate init?(_ address: UnsafePointer<sockaddr>) {
        var storage = sockaddr_storage()
        let size =
            switch CInt(address.pointee.sa_family) {
            case AF_INET: MemoryLayout<sockaddr_in>.size
            case AF_INET6: MemoryLayout<sockaddr_in6>.size
            default: 0
            }
        guard size > 0 else { return nil }
        withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: .init(start: address, count: size)) }
        self.init(storage)
    }
}
