internal import PassimCore
internal import PassimSystem

/// A link that the service is announced on because this host listens there.
struct AnnouncedPlace: Hashable {
    var link: Link
    /// The interface's addresses that are listened at; nil is all of them, which the host's name stands for.
    var addresses: [IPAddress]?

    /// More are not announced: each digest has a record for each of them.
    static let most = 16

    /// - Parameter listening: as the server takes it.
    /// - Returns: nil where the service is announced on all links; else in the order of the interfaces, none where
    ///   nobody but this host itself can reach it.
    static func all(
        _ listening: [Socket.Place], ipv6: Bool, among interfaces: [NetworkInterface]
    ) -> [AnnouncedPlace]? {
        let families = ipv6 ? [false, true] : [false]
        if families.allSatisfy({ listening.contains(.every(v6: $0)) }) { return nil }
        return interfaces.filter { $0.isMulticast && !$0.isLoopback }.flatMap { interface in
            families.compactMap { AnnouncedPlace(interface, isIPv6: $0, listening) }
        }
    }
}

extension AnnouncedPlace {
    fileprivate init?(_ interface: NetworkInterface, isIPv6: Bool, _ listening: [Socket.Place]) {
        link = Link(interface: interface.index, isIPv6: isIPv6)
        if listening.contains(.every(v6: isIPv6))
            || listening.contains(.interface(interface.name, v6: isIPv6))
        {
            return
        }
        let all = interface.addresses.map(\.address).filter { $0.isIPv4 != isIPv6 }
        let found = all.filter { address in
            listening.contains { place in
                guard case .address(let wanted) = place else { return false }
                return wanted.high == address.high && wanted.low == address.low
                    && (wanted.scope == 0 || wanted.scope == interface.index)
            }
        }
        if found.isEmpty { return nil }
        addresses = found.count == all.count ? nil : found.map { IPAddress(high: $0.high, low: $0.low) }
    }
}
