import PassimCore
import PassimTestKit
import Testing

/// An avahi-daemon that is there and does not do what it is asked: the log and the status say why, and which key of its
/// configuration is to be changed.
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(5)))
struct AvahiRefusalTests {
    let lan: Lan

    init() throws {
        lan = try Lan()
    }

    private let content = "content of the file\n"
    private var subtype: String { "_\(Digest(of: content).hex.prefix(60))._sub._cache._tcp" }

    private func start(on host: AvahiHost, _ settings: String...) throws -> DaemonProcess {
        let site = try DaemonSite(
            namespace: host.namespace, environment: ["DBUS_SYSTEM_BUS_ADDRESS": host.busAddress])
        try site.configure(settings)
        try site.put("file", content)
        try site.share()
        return try site.start()
    }

    /// What `passim status` says, until it says that.
    private func status(on host: AvahiHost, containing text: String) throws -> Command.Outcome {
        let end = ContinuousClock.now + .seconds(60)
        while true {
            let outcome = try Command.run([try Products.path(of: "passim"), "status"], host.setting)
            if outcome.text.contains(text) || ContinuousClock.now > end { return outcome }
        }
    }

    @Test func serviceThatDoesNotResolveIsNotAdvertised() throws {
        let here = try AvahiHost(lan.server, name: "here", settings: ["publish-addresses": "no"])
        let there = try AvahiHost(lan.client, name: "there")
        for responder in ["never", "always"] {
            let daemon = try start(on: here, "Responder=\(responder)")
            try daemon.process.waitForLine(containing: "publish-addresses", seconds: 60)
            let hits = try there.run(
                "avahi-browse", "--terminate", "--parsable", "--ignore-local", subtype)
            #expect(hits.text.isEmpty, "\(responder)")
            let status = try status(on: here, containing: "publish-addresses")
            #expect(status.text.contains("publish-addresses"), "\(status.text)")
            #expect(status.text.hasPrefix("ERROR: other machines cannot find this one"), "\(status.text)")
            #expect(status.end == .exit(2))
            let metrics = try here.run(
                "curl", "--silent", "--insecure", "https://localhost:\(daemon.port)/metrics"
            ).text
            #expect(metrics.contains("\npassim_records_registered 0\n"))
            try daemon.process.terminate()
        }
    }

    /// By whatever name the addresses come, the file is advertised then.
    @Test func serviceIsAdvertisedWhenItComesToResolve() throws {
        let here = try AvahiHost(lan.server, name: "here", settings: ["publish-addresses": "no"])
        let there = try AvahiHost(lan.client, name: "there")
        let daemon = try start(on: here)
        try daemon.process.waitForLine(containing: "publish-addresses", seconds: 60)
        let publisher = try ChildProcess(
            ["avahi-publish-address", "--no-reverse", "here.local", Lan.serverAddress], here.setting)
        try publisher.waitForLine(containing: "Established")
        let end = ContinuousClock.now + .seconds(60)
        while try there.browse(subtype).isEmpty, ContinuousClock.now < end {}
        #expect(try there.browse(subtype).map(\.address) == [Lan.serverAddress])
        #expect(try !status(on: here, containing: "Found").text.contains("publish-addresses"))
    }

    @Test(arguments: ["disable-user-service-publishing", "disable-publishing"])
    func publishingThatIsDisabledIsNamed(key: String) throws {
        let here = try AvahiHost(lan.server, name: "here", settings: [key: "yes"])
        let daemon = try start(on: here)
        let line = try daemon.process.waitForLine(containing: "nothing is advertised", seconds: 60).line
        #expect(line.contains("disable-user-service-publishing"), "\(line)")
        #expect(!line.contains("until avahi-daemon answers"))
        #expect(line.contains("Not permitted"))
        let status = try status(on: here, containing: "disable-user-service-publishing")
        #expect(status.text.contains("disable-user-service-publishing"), "\(status.text)")
    }

    /// Nothing is refused, and there is no room for all.
    @Test func recordsThatThereIsNoRoomForAreATrouble() throws {
        let here = try AvahiHost(
            lan.server, name: "here",
            settings: [
                "objects-per-client-max": "4", "entries-per-entry-group-max": "8", "clients-max": "4",
            ])
        let site = try DaemonSite(
            namespace: here.namespace, environment: ["DBUS_SYSTEM_BUS_ADDRESS": here.busAddress])
        try site.configure(["Responder=never"])
        for number in 0..<300 { try site.put("\(number)", "file \(number)") }
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass()
        try here.expectTrouble(
            "warning", "discovery", " of 300 digests: there is no room for their records", of: daemon)
    }

    @Test func policyOfTheBusThatForbidsItIsNamed() throws {
        let here = try AvahiHost(
            lan.server, name: "here",
            denying: """
                send_destination="org.freedesktop.Avahi" send_interface="org.freedesktop.Avahi.Server" \
                send_member="EntryGroupNew"
                """)
        let daemon = try start(on: here)
        let line = try daemon.process.waitForLine(containing: "nothing is advertised", seconds: 60).line
        #expect(line.contains("policy of the system bus"), "\(line)")
        #expect(!line.contains("until avahi-daemon answers"))
    }
}
