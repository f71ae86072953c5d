internal import PassimCore
internal import PassimCrypto
internal import PassimSystem
internal import PassimTestKit

/// Five hosts on one network. The mirror and its neighbour have a bus, an avahi-daemon and passimd each; two are clients
/// only, and one attacks, with a bus and an avahi-daemon.
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
    /// What the neighbour has besides many files of one content.
    let theirs: SteadyFile
    /// All that the neighbour lists.
    let neighbourFiles: Int
    /// The host that attacks.
    let liar: AvahiHost
    /// Files that the mirror has on a file system of `hangingServer`.
    let hanging: [SteadyFile]
    /// nil where there is no FUSE.
    let hangingServer: ChildProcess?

    var site: DaemonSite { mirror.site }
    var bus: [String: String?] { ["DBUS_SYSTEM_BUS_ADDRESS": hosts[0].busAddress] }

    var onMirror: ClientPlace { .host(of: mirror) }
    var onNeighbour: ClientPlace { .host(of: neighbour) }
    var politeClient: ClientPlace { ClientPlace(lan.hosts[2], asking: Lan.serverAddress) }
    var erraticClient: ClientPlace { ClientPlace(lan.hosts[3], asking: Lan.serverAddress) }
    var attacker: ClientPlace { ClientPlace(lan.hosts[4], asking: Lan.serverAddress) }

    static let localAddress = "127.0.0.1"
    static let neighbourAddress = Lan.address(of: 1)
    static let politeAddress = Lan.address(of: 2)
    static let erraticAddress = Lan.address(of: 3)
    static let attackerAddress = Lan.address(of: 4)

    /// Of the mirror. Clients come again and again; the audit log is rotated now and then, and nothing of it lost.
    static let settings = ["Cooldown=-1", "AuditLogSize=524288", "AuditLogsKept=99"]

    /// - Parameter prepare: fills the mirror's site before its daemon starts.
    init(seed: UInt64, _ prepare: (DaemonSite) throws -> Void) throws {
        let lan = try Lan(hosts: 5)
        self.lan = lan
        let hosts = try [AvahiHost(lan.hosts[0], name: "mirror"), AvahiHost(lan.hosts[1], name: "neighbour")]
        self.hosts = hosts
        liar = try AvahiHost(lan.hosts[4], name: "liar")
        var random = SeededGenerator(seed: seed)
        steady = [1, 100_000, 3_000_000].enumerated().map { number, size in
            SteadyFile(name: "steady-\(number)", content: random.bytes(size))
        }
        theirs = SteadyFile(name: "theirs", content: random.bytes(50_000))
        hanging = (0..<20).map { SteadyFile(name: "hanging-\($0)", content: random.bytes(1000 * ($0 + 1))) }

        // As it is installed: a user of its own, and files of root.
        let site = try DaemonSite(
            user: DaemonSite.unprivileged, namespace: lan.hosts[0], ownMounts: true,
            environment: ["DBUS_SYSTEM_BUS_ADDRESS": hosts[0].busAddress])
        try site.configure(SoakHosts.settings)
        for file in steady { try site.put("steady/\(file.name)", file.content) }
        for file in hanging { try site.tree.write("hanging-source/\(file.name)", file.content) }
        try site.tree.makeDirectory("hanging")
        try site.share("hanging", as: "hanging")
        try prepare(site)
        try site.share()
        let other = try DaemonSite(
            namespace: lan.hosts[1], environment: ["DBUS_SYSTEM_BUS_ADDRESS": hosts[1].busAddress])
        // A listing of 1.5 MB.
        try other.configure(["Listen=\(SoakHosts.neighbourAddress);\(ComingInterface.interface)"])
        try other.put(theirs.name, theirs.content)
        let script = """
            cd "$0"
            for number in $(seq 10001 15000); do
                echo neighbour >$number-\(String(repeating: "n", count: 200))
            done
            """
        try Command.succeed(["sh", "-e", "-c", script, other.tree.absolute("mirror")])
        neighbourFiles = 5001
        try other.share()
        mirror = try site.start()
        neighbour = try other.start()
        for daemon in [mirror, neighbour] {
            try daemon.firstPass()
            try daemon.process.waitForLine(containing: "on the system bus as")
        }
        hangingServer = hasFUSE ? try SoakHosts.mountHanging(for: mirror) : nil
        if hasFUSE { for file in hanging { try waitUntilServed(file) } }
    }

    /// Among the mirror's mounts, in the foreground.
    private static func mountHanging(for mirror: DaemonProcess) throws -> ChildProcess {
        let tree = mirror.site.tree
        return try ChildProcess([
            "nsenter", "--mount", "--target", "\(mirror.process.identifier)", "bindfs", "-f",
            tree.absolute("hanging-source"), tree.absolute("hanging"),
        ])
    }

    private func waitUntilServed(_ file: SteadyFile) throws {
        try at(onMirror) { [mirror] in try mirror.waitForStatus(200, of: file.digest, seconds: 90) }
    }

    /// Runs this in a thread that is on one of the hosts.
    private func at<Result: Sendable>(
        _ place: ClientPlace, _ body: @escaping @Sendable () throws -> Result
    ) throws -> Result {
        let result = Lock<Swift.Result<Result, any Error>?>(nil)
        let thread = try SystemThread(name: "at \(place.address)") {
            let found = Swift.Result {
                try place.enter()
                return try body()
            }
            result.withLock { $0 = found }
        }
        thread.join()
        guard let found = result.withLock({ $0 }) else {
            throw TestFailure("a thread ended without a result")
        }
        return try found.get()
    }

    /// A new connection of this host is served.
    func expectService(from place: ClientPlace) throws {
        try at(place) { [mirror, file = steady[1]] in
            var options = TLSClient.Options()
            // A hanging disk cost others a minute once.
            options.seconds = 20
            let exchange = try HTTPExchange(to: place.address, port: mirror.port, options)
            let status = try exchange.request("HEAD", Download.target(file.digest)).status
            guard status == 200 else { throw TestFailure("\(file.name) was answered \(status)") }
        }
    }

    /// Asks the neighbour's daemon, from its own host.
    func lookUpOnNeighbour(_ digest: Digest) throws -> HTTPResponse {
        try at(onNeighbour) { [neighbour] in
            var options = TLSClient.Options()
            options.seconds = 60
            let exchange = try HTTPExchange(port: neighbour.port, options)
            return try exchange.request("GET", Download.target(digest))
        }
    }
}

extension SoakHosts.SteadyFile {
    fileprivate init(name: String, content: [UInt8]) {
        self.init(name: name, content: content, digest: Digest(of: content))
    }
}
