internal import PassimConfig
internal import PassimCore
internal import PassimServer
internal import PassimSystem

extension ServerSettings {
    /// - Parameter descriptorLimit: how many descriptors the process may have; decides how many
    ///   connections there may be where the configuration does not.
    init(_ configuration: DaemonConfiguration, hostName: String, descriptorLimit: Int) {
        var places = ServerSettings.places(configuration)
        // This host's own clients ask at localhost, whatever the network may see.
        if !configuration.listen.isEmpty { places += ServerSettings.loopback(configuration, beside: places) }
        // Avahi has the host's name without its domain.
        let short = String(hostName.prefix { $0 != "." })
        // A quarter stays for files, the store and whatever else is open.
        let possible = max(16, descriptorLimit - max(32, descriptorLimit / 4))
        self.init(
            places: places, port: configuration.port,
            plainPort: configuration.httpPort > 0 ? configuration.httpPort : nil, reactors: processorCount(),
            maxConnections: configuration.maxConnections > 0
                ? min(configuration.maxConnections, possible) : possible,
            maxConnectionsPerAddress: configuration.maxConnectionsPerAddress > 0
                ? configuration.maxConnectionsPerAddress : .max,
            maxRate: configuration.maxRate,
            hostNames: [hostName, short, "\(hostName).local", "\(short).local"],
            metricsAllow: configuration.metricsAllow, pageAllow: configuration.pageAllow)
        let reserve = min(descriptorLimit / 4, ServerSettings.largestReserve)
        descriptorsForConnections = descriptorLimit - reserve
        descriptorsForFiles = descriptorLimit - reserve / 2
    }

    /// Half of it is more than the 256 peers that are asked at once (PassimFetch).
    private static var largestReserve: Int { 1024 }

    /// A socket of one interface takes the port of every address from sockets that have none (bind(2) says
    /// EADDRINUSE), but not from those of another interface.
    private static func loopback(
        _ configuration: DaemonConfiguration, beside places: [Socket.Place]
    ) -> [Socket.Place] {
        let hasInterface = places.contains { if case .interface = $0 { true } else { false } }
        return (configuration.ipv6 ? [false, true] : [false]).compactMap { v6 in
            if places.contains(.every(v6: v6)) { return nil }
            if hasInterface {
                let place = Socket.Place.interface("lo", v6: v6)
                return places.contains(place) ? nil : place
            }
            return .address(v6 ? IPAddress(high: 0, low: 1) : IPAddress(ipv4: 0x7F00_0001))
        }
    }

    /// Places where the configuration lets others connect.
    static func places(_ configuration: DaemonConfiguration) -> [Socket.Place] {
        let families = configuration.ipv6 ? [false, true] : [false]
        if configuration.listen.isEmpty { return families.map { .every(v6: $0) } }
        var places: [Socket.Place] = []
        for name in configuration.listen {
            let wanted: [Socket.Place]
            if let address = IPAddress(scoped: name) {
                // Without IPv6=true nothing of IPv6 is listened at, whatever is named.
                let isWanted = !address.isLoopback && (address.isIPv4 || configuration.ipv6)
                wanted = isWanted ? [place(of: address)] : []
            } else {
                wanted = families.map { .interface(name, v6: $0) }
            }
            // Named twice, the second socket would find the port taken.
            for place in wanted where !places.contains(place) { places.append(place) }
        }
        // Every address is those named besides it, too.
        return places.filter { place in
            families.allSatisfy { !places.contains(.every(v6: $0)) || !isAmongEvery(place, v6: $0) }
        }
    }

    /// 0.0.0.0 and :: stand for all.
    private static func place(of address: IPAddress) -> Socket.Place {
        if address == IPAddress(ipv4: 0) { return .every(v6: false) }
        if address == IPAddress(high: 0, low: 0) { return .every(v6: true) }
        return .address(address)
    }

    private static func isAmongEvery(_ place: Socket.Place, v6: Bool) -> Bool {
        switch place {
        case .every: false
        case .address(let address): address.isIPv4 != v6
        case .interface(_, let wanted): wanted == v6
        }
    }
}
