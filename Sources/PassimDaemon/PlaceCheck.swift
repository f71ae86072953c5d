internal import PassimBus
internal import PassimConfig
internal import PassimCore
internal import PassimServer
internal import PassimSystem

/// Checks that the daemon could listen at its places, and that others could connect.
struct PlaceCheck {
    private(set) var complaints: [Complaint] = []
    private(set) var notes: [String] = []

    init(_ paths: Paths) {
        let daemon = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration).daemon
        let file = paths.passimConf
        func complaint(_ severity: Complaint.Severity, _ key: String, _ value: String, _ message: String)
            -> Complaint
        {
            Complaint(severity, file: file, group: "daemon", key: key, value: value, message)
        }
        complaints += PlaceCheck.absent(daemon).map {
            complaint(
                .warning, "Listen", $0,
                "this machine has no such interface or address now; passimd listens there when it appears")
        }
        for (key, port) in [("Port", daemon.port), ("HTTPPort", daemon.httpPort)] where port > 0 {
            let first = PlaceCheck.firstUnprivilegedPort
            if port < first {
                complaints.append(
                    complaint(
                        .error, key, "\(port)",
                        "only root may have a port below \(first): take a higher one, or: "
                            + "sysctl net.ipv4.ip_unprivileged_port_start=\(port)"))
            } else if let taken = PlaceCheck.takenPlace(daemon, port), !PlaceCheck.isOwn(port, paths) {
                complaints.append(
                    complaint(
                        .error, key, "\(port)",
                        "another program has it at \(taken): ss -ltnp 'sport = \(port)' tells which"))
            }
            switch FirewallQuery.ask(port: port) {
            case .open: break
            case .closed(let zone):
                complaints.append(
                    complaint(
                        .warning, key, "\(port)",
                        "firewalld has it closed in the zone \(zone): "
                            + FirewallQuery.command(port: port, zone: zone)))
            case .unknown(let reason):
                notes.append("whether a firewall has port \(port) closed is not known: \(reason)")
            }
        }
    }

    private static func absent(_ daemon: DaemonConfiguration) -> [String] {
        guard !daemon.listen.isEmpty, let interfaces = try? NetworkInterface.all() else { return [] }
        return daemon.listen.filter { name in
            guard let address = IPAddress(scoped: name) else {
                return !interfaces.contains { $0.name == name }
            }
            if address.isLoopback || (address.high == 0 && address.low == 0) || address == IPAddress(ipv4: 0)
            {
                return false
            }
            return !interfaces.contains { interface in
                interface.addresses.contains {
                    $0.address.high == address.high && $0.address.low == address.low
                }
            }
        }
    }

    /// Ports below it are root's (ip(7)).
    private static var firstUnprivilegedPort: UInt16 {
        guard let file = try? Descriptor.open("/proc/sys/net/ipv4/ip_unprivileged_port_start", .readOnly),
            let text = try? file.readAll(limit: 32)
        else { return 1024 }
        return UInt16(String(decoding: text.prefix { $0 > 0x20 }, as: UTF8.self)) ?? 1024
    }

    /// The first place it would listen at that is taken.
    private static func takenPlace(_ daemon: DaemonConfiguration, _ port: UInt16) -> Socket.Place? {
        let settings = ServerSettings(daemon, hostName: "localhost", descriptorLimit: 1024)
        return settings.places.first { place in
            do throws(SystemError) {
                _ = try Socket.listen(place, port: port)
                return false
            } catch {
                return error.code == .addressInUse
            }
        }
    }

    /// True if the daemon of this configuration runs, and has the port then. Who may not look at its lock goes by whose the
    /// port is.
    private static func isOwn(_ port: UInt16, _ paths: Paths) -> Bool {
        do throws(SystemError) {
            let lock = try Descriptor.open(
                paths.stateDirectory + "/lock", [.readOnly, .nonBlocking, .noFollow])
            let isFree = try lock.lockExclusively()
            if isFree { lock.unlock() }
            return !isFree
        } catch {
            guard error.code == .accessDenied,
                let state = try? Descriptor.open(paths.stateDirectory, [.path, .directory]).status()
            else { return false }
            return ListeningSockets.owners(ofPort: port).contains(state.owner)
        }
    }
}
