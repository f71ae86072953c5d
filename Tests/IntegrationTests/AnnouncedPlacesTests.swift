import PassimCore
import PassimTestKit
import Testing

/// Where a daemon is announced that listens at some places only, on two hosts that two cables join, each with the
/// real avahi-daemon.
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(10)))
struct AnnouncedPlacesTests {
    let lan: Lan
    let here: AvahiHost
    let there: AvahiHost
    let site: DaemonSite
    let content = "content of the file\n"

    private static let second = "10.78.0.1"
    /// One more of the first interface.
    private static let other = "10.77.0.50"

    init() throws {
        let lan = try Lan()
        self.lan = lan
        try AnnouncedPlacesTests.connect("lan1", "10.78.0", lan)
        try Command.succeed(
            ["ip", "-n", lan.server, "addr", "add", "\(AnnouncedPlacesTests.other)/24", "dev", "lan0"])
        here = try AvahiHost(lan.server, name: "here")
        there = try AvahiHost(lan.client, name: "there")
        site = try DaemonSite(
            namespace: lan.server, environment: ["DBUS_SYSTEM_BUS_ADDRESS": here.busAddress])
        try site.put("file", content)
        try site.share()
    }

    private static func connect(_ name: String, _ network: String, _ lan: Lan) throws {
        try Command.succeed(
            [
                "ip", "link", "add", name, "netns", lan.server, "type", "veth", "peer", name, "netns",
                lan.client,
            ])
        for (number, host) in lan.hosts.enumerated() {
            let ip = ["ip", "-n", host]
            try Command.succeed(ip + ["addr", "add", "\(network).\(number + 1)/24", "dev", name])
            try Command.succeed(ip + ["link", "set", name, "up"])
        }
    }

    private var subtype: String { "_\(Digest(of: content).hex.prefix(60))._sub._cache._tcp" }

    /// The addresses that another host finds for the file, on all its interfaces; asked until they are the wanted ones.
    private func found(_ wanted: Set<String>, seconds: Double = 60) throws -> Set<String> {
        let end = ContinuousClock.now + .seconds(seconds)
        while true {
            let found = try Set(there.browse(subtype).map(\.address))
            if found == wanted || ContinuousClock.now > end { return found }
        }
    }

    @Test(arguments: ["never", "always"]) func interfaceThatIsNamedIsTheOnlyOneAnnounced(responder: String)
        throws
    {
        try site.configure(["Listen=lan1", "Responder=\(responder)"])
        let daemon = try site.start()
        let found = try found([AnnouncedPlacesTests.second])
        #expect(found == [AnnouncedPlacesTests.second])
        let url =
            "https://\(AnnouncedPlacesTests.second):\(daemon.port)/file?sha256=\(Digest(of: content).hex)"
        #expect(try lan.curl(on: lan.client, [url]).text == content)
    }

    @Test(arguments: ["never", "always"]) func addressThatIsNamedIsTheOnlyOneAnnounced(responder: String)
        throws
    {
        try site.configure(["Listen=\(AnnouncedPlacesTests.other)", "Responder=\(responder)"])
        let daemon = try site.start()
        let found = try found([AnnouncedPlacesTests.other])
        #expect(found == [AnnouncedPlacesTests.other])
        let url =
            "https://\(AnnouncedPlacesTests.other):\(daemon.port)/file?sha256=\(Digest(of: content).hex)"
        #expect(try lan.curl(on: lan.client, [url]).text == content)
    }

    @Test func everyPlaceThatIsNamedIsAnnounced() throws {
        try site.configure(["Listen=lan0;lan1"])
        let daemon = try site.start()
        let end = ContinuousClock.now + .seconds(60)
        var found: Set<String> = []
        func isWhole() -> Bool { found.contains(AnnouncedPlacesTests.second) && found.count > 1 }
        while !isWhole(), ContinuousClock.now < end {
            found.formUnion(try there.browse(subtype).map(\.address))
        }
        #expect(isWhole(), "\(found)")
        withExtendedLifetime(daemon) {}
    }

    /// Of no use to others; and a peer that finds what does not resolve finds nobody.
    @Test func daemonForThisMachineOnlyIsNotAnnounced() throws {
        try site.configure(["Listen=127.0.0.1"])
        let daemon = try site.start()
        try daemon.process.waitForLine(containing: "nothing is advertised: Listen= names no", seconds: 60)
        #expect(try hits().isEmpty)
    }

    /// All that is said of the file, whether it resolves or not.
    private func hits() throws -> String {
        try there.run("avahi-browse", "--terminate", "--parsable", "--ignore-local", subtype).text
    }
}
