internal import PassimCore
internal import PassimSystem

/// One interface of this host and one version of IP: where mDNS is spoken, and what is said counts.
struct Link: Hashable, Sendable {
    /// if_nametoindex(3)
    var interface: UInt32
    var isIPv6: Bool

    /// The links that mDNS is spoken on now, and the networks that are on them.
    static func all(ipv6: Bool) throws(SystemError) -> [Link: [Network]] {
        var links: [Link: [Network]] = [:]
        for interface in try NetworkInterface.all() {
            guard interface.isRunning, interface.isMulticast, !interface.isLoopback,
                !interface.isPointToPoint
            else { continue }
            for isIPv6 in ipv6 ? [false, true] : [false] {
                let addresses = interface.addresses.filter { $0.address.isIPv4 != isIPv6 }
                guard !addresses.isEmpty else { continue }
                links[Link(interface: interface.index, isIPv6: isIPv6)] = addresses.map(\.network)
            }
        }
        return links
    }
}
