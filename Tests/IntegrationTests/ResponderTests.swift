import Glibc
import PassimCore
import PassimTestKit
import Testing

/// A daemon that answers the questions of the network itself, beside the real avahi-daemon.
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(5)))
struct ResponderTests {
    let lan: Lan
    let hosts: [AvahiHost]
    let site: DaemonSite

    init() throws {
        let lan = try Lan()
        let hosts = try [AvahiHost(lan.server, name: "alpha"), AvahiHost(lan.client, name: "beta")]
        self.lan = lan
        self.hosts = hosts
        site = try DaemonSite(
            namespace: lan.server, environment: ["DBUS_SYSTEM_BUS_ADDRESS": hosts[0].busAddress])
    }

    private func found(_ content: String) throws -> Bool {
        let type = "_\(Digest(of: content).hex.prefix(60))._sub._cache._tcp"
        return try hosts[1].browse(type).contains { $0.address == Lan.serverAddress }
    }

    private func expect(_ content: String, isFound: Bool) throws {
        let end = ContinuousClock.now + .seconds(60)
        while try found(content) != isFound, ContinuousClock.now < end {}
        #expect(try found(content) == isFound, "\(content)")
    }

    @Test func whatIsServedAndAdvertisedIsAnswered() throws {
        try site.configure(["Responder=always"])
        try site.put("file", "content")
        try site.share()
        try site.tree.write("second/other", "hidden")
        try site.share("second", as: "second", "Advertise=false")
        let daemon = try site.start()
        try daemon.process.waitForLine(containing: "answering questions ourselves", seconds: 60)
        try expect("content", isFound: true)
        #expect(try !found("hidden"))
        #expect(try !found("nobody's"))
        try site.tree.write("mirror/new", "new")
        try expect("new", isFound: true)
        try site.tree.remove("mirror/new")
        try expect("new", isFound: false)
        try site.share("second", as: "second")
        try expect("hidden", isFound: true)
        try site.share("second", as: "second", "Advertise=false")
        try expect("hidden", isFound: false)
        #expect(try daemon.process.terminate() == .exit(0))
        #expect(try !found("content"))
    }

    @Test func responderMayBeChangedWhileItRuns() throws {
        try site.configure(["Responder=never"])
        try site.put("file", "content")
        try site.share()
        let daemon = try site.start()
        try expect("content", isFound: true)
        #expect(!daemon.process.errorText.contains("answering questions ourselves"))
        var line = 0
        for value in ["always", "never", "auto", "always"] {
            try site.configure(["Responder=\(value)"])
            daemon.process.kill(SIGHUP)
            let means = value == "always" ? ", answering questions ourselves" : " on port \(daemon.port)"
            if value != "auto" {
                line =
                    try daemon.process.waitForLine(from: line, seconds: 60) {
                        $0.contains("advertising 1 files") && $0.hasSuffix(means)
                    }.next
            }
            try expect("content", isFound: true)
        }
    }
}
