internal import PassimGLib

/// Asks firewalld(1) whether this machine's firewall lets others connect, as far as it knows: over the system bus,
/// and without starting it.
package enum FirewallQuery {
    package enum Answer: Equatable, Sendable {
        case open
        /// In this zone.
        case closed(zone: String)
        /// Why it is not known.
        case unknown(String)
    }

    private static let service = "org.fedoraproject.FirewallD1"
    private static let path = "/org/fedoraproject/FirewallD1"
    private static let zones = "org.fedoraproject.FirewallD1.zone"
    private static let seconds: Double = 5

    /// - Parameter address: of another bus than that of the system.
    package static func ask(port: UInt16, address: String? = nil) -> Answer {
        do throws(CallFailure) {
            let bus = try BusConnection(address: address, seconds: seconds)
            let isThere = try call(
                bus, "NameHasOwner", of: BusNames.bus, at: BusNames.busPath, to: BusNames.bus,
                [Variant(service)],
                answer: "(b)")
            guard isThere.boolean == true else { return .unknown("firewalld does not run") }
            for zone in try activeZones(bus) where zone != "trusted" {
                let number = Variant("\(port)")
                let hasPort = try call(
                    bus, "queryPort", of: zones, at: path, to: service,
                    [Variant(zone), number, Variant("tcp")],
                    answer: "(b)")
                if hasPort.boolean == true { continue }
                let hasService = try call(
                    bus, "queryService", of: zones, at: path, to: service,
                    [Variant(zone), Variant("passim")],
                    answer: "(b)")
                // The service's port is the usual one.
                if hasService.boolean == true, port == 27500 { continue }
                return .closed(zone: zone)
            }
            return .open
        } catch {
            return .unknown("firewalld cannot be asked: \(error)")
        }
    }

    /// Zones that have an interface; or else the default one.
    private static func activeZones(_ bus: BusConnection) throws(CallFailure) -> [String] {
        let active = try call(
            bus, "getActiveZones", of: zones, at: path, to: service, [], answer: "(a{sa{sas}})")
        let names = active.children.compactMap { $0.children.first?.string }
        if !names.isEmpty { return names.sorted() }
        return [
            try call(bus, "getDefaultZone", of: service, at: path, to: service, [], answer: "(s)").string
                ?? ""
        ]
    }

    /// - Returns: the first member of the answer.
    private static func call(
        _ bus: BusConnection, _ name: String, of interface: String, at path: String, to destination: String,
        _ arguments: [Variant], answer: StaticString
    ) throws(CallFailure) -> Variant {
        let method = BusConnection.Method(name, of: interface, at: path, destination: destination)
        return try bus.call(method, Variant(tuple: arguments), answer: answer, seconds: seconds).children[0]
    }

    /// Opens the port.
    package static func command(port: UInt16, zone: String) -> String {
        let what =
            port == 27500
            ? "--add-service=passim --add-service=mdns" : "--add-port=\(port)/tcp --add-service=mdns"
        return "firewall-cmd --permanent --zone=\(zone) \(what) && firewall-cmd --reload"
    }
}
