internal import PassimCore
internal import PassimTestKit

/// Four hosts on one network. The mirror and its neighbour have a bus, an avahi-daemon and passimd each; the other two
/// are clients only.
final class SoakHosts: Sendable {
    /// What is there all the time, by name.
    struct SteadyFile: Sendable {
        var name: String
        var content: [UInt8]
        var digest: Digest
    }

    private let lan: Lan
    /// The mirror and its neighbour.
    let hosts: [AvahiHost]
    let mirror: DaemonProcess
    let neighbour: DaemonProcess
    let steady: [SteadyFile]
    /// What the neighbour has.
    let theirs: SteadyFile

    var site: DaemonSite { mirror.site }
    var bus: [String: String?] { ["DBUS_SYSTEM_BUS_ADDRESS": hosts[0].busAddress] }

    var onMirror: ClientPlace { .host(of: mirror) }
    var onNeighbour: ClientPlace { .host(of: neighbour) }
    var politeClient: ClientPlace { ClientPlace(lan.hosts[2], asking: Lan.serverAddress) }
    var erraticClient: ClientPlace { ClientPlace(lan.hosts[3], asking: Lan.serverAddress) }

    static let localAddress = "127.0.0.1"
    static let neighbourAddress = Lan.address(of: 1)
    static let politeAddress = Lan.address(of: 2)
    static let erraticAddress = Lan.address(of: 3)

    /// - Parameter prepare: fills the mirror's site before its daemon starts.
    init(seed: UInt64, _ prepare: (DaemonSite) throws -> Void) throws {
        let lan = try Lan(hosts: 4)
        self.lan = lan
        let hosts = try [AvahiHost(lan.hosts[0], name: "mirror"), AvahiHost(lan.hosts[1], name: "neighbour")]
        self.hosts = hosts
        var random = SeededGenerator(seed: seed)
        steady = [1, 100_000, 3_000_000].enumerated().map { number, size in
            SteadyFile(name: "steady-\(number)", content: random.bytes(size))
        }
        theirs = SteadyFile(name: "theirs", content: random.bytes(50_000))

        // As it is installed: a user of its own, and files of root.
        let site = try DaemonSite(
            user: DaemonSite.unprivileged, namespace: lan.hosts[0],
            environment: ["DBUS_SYSTEM_BUS_ADDRESS": hosts[0].busAddress])
        // Clients come again and again.
        try site.configure(["Cooldown=-1"])
        for file in steady { try site.put("steady/\(file.name)", file.content) }
        try prepare(site)
        try site.share()
        let other = try DaemonSite(
            namespace: lan.hosts[1], environment: ["DBUS_SYSTEM_BUS_ADDRESS": hosts[1].busAddress])
        try other.put(theirs.name, theirs.content)
        try other.share()
        mirror = try site.start()
        neighbour = try other.start()
        for daemon in [mirror, neighbour] {
            try daemon.firstPass()
            try daemon.process.waitForLine(containing: "on the system bus as")
        }
    }
}

extension SoakHosts.SteadyFile {
    fileprivate init(name: String, content: [UInt8]) {
        self.init(name: name, content: content, digest: Digest(of: content))
    }
}
