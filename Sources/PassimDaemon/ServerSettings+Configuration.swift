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
        if !configuration.listen.isEmpty {
            places.append(.address(IPAddress(ipv4: 0x7F00_0001)))
            if configuration.ipv6 { places.append(.address(IPAddress(high: 0, low: 1))) }
        }
        // A quarter stays for files, the store and whatever else is open.
        let possible = max(16, descriptorLimit - max(32, descriptorLimit / 4))
        self.init(
            places: places, port: configuration.port, reactors: processorCount(),
            maxConnections: configuration.maxConnections > 0
                ? min(configuration.maxConnections, possible) : possible,
            maxConnectionsPerAddress: configuration.maxConnectionsPerAddress > 0
                ? configuration.maxConnectionsPerAddress : .max,
            maxRate: configuration.maxRate,
            hostNames: [hostName, String(hostName.prefix { $0 != "." }), "\(hostName).local"])
    }

    private static func places(_ configuration: DaemonConfiguration) -> [Socket.Place] {
        let families = configuration.ipv6 ? [false, true] : [false]
        if configuration.listen.isEmpty { return families.map { .every(v6: $0) } }
        return configuration.listen.flatMap { name -> [Socket.Place] in
            if let address = IPAddress(name) {
                return address.isLoopback ? [] : [.address(address)]
            }
            return families.map { .interface(name, v6: $0) }
        }
    }
}
