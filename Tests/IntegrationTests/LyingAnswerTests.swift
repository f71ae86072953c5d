import PassimCore
import PassimTestKit
import Testing

/// Answers of mDNS that lead a daemon to places where no peer is: real avahi-daemons, and a liar among the hosts.
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(10)))
struct LyingAnswerTests {
    let lan: Lan
    let liar: AvahiHost
    let host: AvahiHost
    let digest = Digest(of: "what the liar says it has")

    init() throws {
        let lan = try Lan()
        self.lan = lan
        liar = try AvahiHost(lan.server, name: "liar")
        host = try AvahiHost(lan.client, name: "host")
    }

    /// Where the daemon of `host` is sent.
    private struct Place {
        var address: String
        var port: Int
        /// Is on the liar; else there already.
        var isLiars = true
    }

    private func route(_ place: Place) throws {
        try Command.succeed(["ip", "-n", lan.server, "addr", "add", "\(place.address)/32", "dev", "lo"])
        try Command.succeed(
            ["ip", "-n", lan.client, "route", "add", "\(place.address)/32", "via", Lan.serverAddress])
    }

    /// Prints `ADDRESS:PORT` of each place that somebody connects to.
    private func listen(at places: [Place], on host: AvahiHost) throws -> ChildProcess {
        let script = """
            import select, socket, sys
            listeners = [socket.create_server((p.rsplit(":", 1)[0], int(p.rsplit(":", 1)[1]))) for p in sys.argv[1:]]
            print("listening", file=sys.stderr, flush=True)
            while True:
                for listener in select.select(listeners, [], [])[0]:
                    listener.accept()[0].close()
                    print("came to %s:%d." % listener.getsockname(), file=sys.stderr, flush=True)
            """
        let process = try ChildProcess(
            ["/usr/bin/python3", "-c", script] + places.map { "\($0.address):\($0.port)" }, host.setting)
        try process.waitForLine(containing: "listening")
        return process
    }

    /// Has the liar say that the digest is at each of the places.
    private func publish(_ places: [Place]) throws -> [ChildProcess] {
        let subtype = "_\(digest.hex.prefix(60))._sub._cache._tcp"
        return try places.enumerated().flatMap { number, place in
            let name = "liar-\(number).local"
            let address = try ChildProcess(
                ["avahi-publish-address", "--no-reverse", name, place.address], liar.setting)
            try address.waitForLine(containing: "Established")
            let service = try ChildProcess(
                [
                    "avahi-publish-service", "--subtype", subtype, "--host", name, "Passim-000\(number)",
                    "_cache._tcp", "\(place.port)",
                ], liar.setting)
            try service.waitForLine(containing: "Established")
            return [address, service]
        }
    }

    /// Has a client of `host` look for the digest, until somebody comes to the last of the places, to which the
    /// daemon is allowed to go.
    ///
    /// - Returns: where the daemon came to.
    private func visits(_ places: [Place], _ settings: String...) throws -> Set<String> {
        for place in places where place.isLiars { try route(place) }
        let listeners = try [
            listen(at: places.filter(\.isLiars), on: liar),
            listen(at: places.filter { !$0.isLiars }, on: host),
        ]
        let publishers = try publish(places)
        let site = try DaemonSite(
            namespace: host.namespace, environment: ["DBUS_SYSTEM_BUS_ADDRESS": host.busAddress])
        try site.configure(settings)
        let daemon = try site.start()
        let subtype = "_\(digest.hex.prefix(60))._sub._cache._tcp"
        // All that the liar says is there to be believed.
        let end = ContinuousClock.now + .seconds(60)
        while try Set(host.browse(subtype).map(\.address)) != Set(places.map(\.address)),
            ContinuousClock.now < end
        {}
        #expect(try Set(host.browse(subtype).map(\.address)) == Set(places.map(\.address)))
        let url = "https://localhost:\(daemon.port)/file?sha256=\(digest.hex)"
        let last = "came to \(places.last!.address):\(places.last!.port)."
        while !listeners[0].errorText.contains(last), ContinuousClock.now < end {
            _ = try host.run("curl", "--silent", "--insecure", "--max-time", "20", url)
        }
        withExtendedLifetime((publishers, daemon)) {}
        return Set(
            listeners.flatMap { $0.errorText.split(separator: "\n") }
                .filter { $0.hasPrefix("came to ") }.map { String($0.dropFirst(8).dropLast()) })
    }

    @Test func daemonGoesToNeighboursOnly() throws {
        let places = [
            Place(address: "203.0.113.9", port: 22), Place(address: "203.0.113.10", port: 27500),
            Place(address: "169.254.169.254", port: 80), Place(address: "169.254.169.253", port: 27500),
            Place(address: "10.9.9.8", port: 22), Place(address: "10.9.9.7", port: 443),
            // Its own.
            Place(address: Lan.clientAddress, port: 8443, isLiars: false),
            // A private network behind a router, which a reflector may join.
            Place(address: "192.168.50.1", port: 27600),
        ]
        #expect(try visits(places) == ["10.9.9.7:443", "192.168.50.1:27600"])
    }

    @Test func otherNetworksAreThoseThatTheAdministratorNames() throws {
        let places = [
            Place(address: "203.0.113.9", port: 22), Place(address: "198.51.100.1", port: 27500),
            Place(address: "169.254.169.254", port: 27500), Place(address: "203.0.113.10", port: 27500),
        ]
        #expect(
            try visits(places, "PeerNetworks=203.0.113.0/24;169.254.0.0/16") == ["203.0.113.10:27500"])
    }
}
