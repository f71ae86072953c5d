internal import PassimCore
internal import PassimSystem

/// One client, as the limits of connections count it.
enum ClientAccount: Hashable, Sendable {
    /// Not limited: fwupd and the browser of this host share its addresses.
    case loopback
    case address(IPAddress)
    /// The first 64 bits of IPv6 addresses that are not on a link of ours: whoever has one such network has 2^64
    /// addresses.
    case network(UInt64)
    /// A machine on a link of ours, whatever addresses it gives itself.
    case machine(interface: UInt32, link: [UInt8])
}

/// Finds out whose an address is.
final class ClientAccounts: Sendable {
    private struct State {
        var links: [(network: Network, interface: UInt32)] = []
        var readAt: UInt64?
    }

    private let interfaces: @Sendable () -> [NetworkInterface]
    private let neighbour: @Sendable (IPAddress, UInt32) -> [UInt8]?
    private let state = Lock(State())

    /// Nanoseconds for which our own addresses are taken for what they were.
    private static let lifetime: UInt64 = 10_000_000_000

    init(
        interfaces: @escaping @Sendable () -> [NetworkInterface] = { (try? NetworkInterface.all()) ?? [] },
        neighbour: @escaping @Sendable (IPAddress, UInt32) -> [UInt8]? = { linkLayerAddress(of: $0, on: $1) }
    ) {
        self.interfaces = interfaces
        self.neighbour = neighbour
    }

    /// Does not wait.
    ///
    /// - Parameter now: monotonic nanoseconds.
    func account(of address: IPAddress, now: UInt64) -> ClientAccount {
        if address.isLoopback { return .loopback }
        if address.isIPv4 { return .address(address) }
        let isLinkLocal = address.high >> 54 == 0x3FA
        guard let interface = isLinkLocal ? address.scope : link(of: address, now) else {
            return .network(address.high)
        }
        guard let link = neighbour(address, interface) else { return .address(address) }
        return .machine(interface: interface, link: link)
    }

    /// The interface whose link an address is on; nil where it is beyond a router.
    private func link(of address: IPAddress, _ now: UInt64) -> UInt32? {
        let links = state.withLock { state -> [(network: Network, interface: UInt32)]? in
            guard let at = state.readAt, now < at + ClientAccounts.lifetime else { return nil }
            return state.links
        }
        return (links ?? read(now)).first { $0.network.contains(address) }?.interface
    }

    private func read(_ now: UInt64) -> [(network: Network, interface: UInt32)] {
        let links = interfaces().flatMap { interface in
            interface.addresses.filter { !$0.address.isIPv4 && $0.prefixLength < 128 }
                .map { ($0.network, interface.index) }
        }
        state.withLock { state in
            state.links = links
            state.readAt = now
        }
        return links
    }
}
