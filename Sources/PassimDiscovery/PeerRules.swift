internal import PassimCore
internal import PassimSystem

/// Decides whether the place that an answer of mDNS tells of may be asked. Anyone on the network can answer, so a place
/// counts only if a peer can be there: on a link of this host, or on a private network, which a reflector may have
/// joined to it.
struct PeerRules: Equatable {
    enum Refusal: Equatable {
        /// Below 1024, and not 443: other services are there, and some act on whatever they are sent.
        case port
        /// An address of this host.
        case own
        /// Loopback, multicast, reserved, or none at all.
        case noMachine
        /// Link-local, and not heard on a link that has such addresses.
        case linkLocal
        /// Neither on a link, nor private, nor one that the administrator has named.
        case far
    }

    private struct LinkNetwork: Equatable {
        var interface: UInt32
        var network: Network
    }

    private let own: Set<IPAddress>
    private let links: [LinkNetwork]
    private let allowed: [Network]

    /// - Parameter allowed: networks of peers besides: `PeerNetworks=`.
    init(_ interfaces: [NetworkInterface], allowed: [Network]) {
        let addresses = interfaces.flatMap { interface in interface.addresses.map { (interface, $0) } }
        own = Set(addresses.map { $1.address.withoutScope })
        links = addresses.filter { !$0.0.isLoopback }.map {
            LinkNetwork(interface: $0.index, network: $1.network)
        }
        self.allowed = allowed
    }

    /// - Parameter interface: where the answer was heard (if_nametoindex(3)).
    /// - Returns: nil for a peer that may be asked.
    func refusal(of peer: Peer, heardOn interface: UInt32) -> Refusal? {
        guard peer.port >= 1024 || peer.port == 443 else { return .port }
        let address = peer.address
        if !address.isOfAMachine { return .noMachine }
        if own.contains(address.withoutScope) { return .own }
        if address.isLinkLocal {
            // Whatever the routes say: it is this link's, or nobody's.
            let isThere = links.contains {
                $0.interface == interface && $0.network.contains(address.withoutScope)
            }
            let isOfTheLink = address.isIPv4 || address.scope == interface
            return isThere && isOfTheLink ? nil : .linkLocal
        }
        if PeerRules.privateNetworks.contains(where: { $0.contains(address) })
            || links.contains(where: { $0.network.contains(address) })
            || allowed.contains(where: { $0.contains(address) })
        {
            return nil
        }
        return .far
    }

    /// RFC 1918 and RFC 4193.
    private static let privateNetworks =
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"].compactMap { Network($0) }
}

extension IPAddress {
    fileprivate var withoutScope: IPAddress { IPAddress(high: high, low: low) }

    /// Not loopback (IPv6's forms of IPv4 addresses included), unspecified, multicast, or reserved (RFC 1112, 4).
    fileprivate var isOfAMachine: Bool {
        if isLoopback { return false }
        if isIPv4 {
            let first = low >> 24 & 0xFF
            return first != 0 && first < 224
        }
        // ::/96, IPv4-compatible addresses (RFC 4291, 2.5.5.1), are nobody's any more.
        return (high != 0 || low >> 32 != 0) && high >> 56 != 0xFF
    }
}
