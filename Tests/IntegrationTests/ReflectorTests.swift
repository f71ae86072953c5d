import PassimCore
import PassimTestKit
import Testing

/// Two networks that the router's avahi-daemon joins (enable-reflector=yes): the recipe of passimd(8).
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(10)))
struct ReflectorTests {
    let lan: RoutedLan
    let left: AvahiHost
    let right: AvahiHost

    init() throws {
        lan = try RoutedLan()
        left = try AvahiHost(lan.left, name: "left")
        right = try AvahiHost(lan.right, name: "right")
    }

    private func site(on host: AvahiHost, _ settings: String...) throws -> DaemonSite {
        let site = try DaemonSite(
            namespace: host.namespace, environment: ["DBUS_SYSTEM_BUS_ADDRESS": host.busAddress])
        try site.configure(settings)
        try site.share()
        return site
    }

    /// What a client in the right network gets of its daemon.
    private func follow(_ daemon: DaemonProcess, _ content: String) throws -> (status: String, body: String) {
        let outcome = try right.run(
            "curl", "--silent", "--insecure", "--location", "--max-time", "20", "--write-out",
            "%{stderr}%{http_code} %{remote_ip}",
            "https://localhost:\(daemon.port)/file?sha256=\(Digest(of: content).hex)")
        return (outcome.errorText, outcome.text)
    }

    @Test(arguments: ["never", "always"]) func filesOfAnotherNetworkAreFound(responder: String) throws {
        let router = try AvahiHost(lan.router, name: "router", settings: ["enable-reflector": "yes"])
        let contents = (0..<20).map { "file \($0)\n" }
        let mirror = try site(on: left, "Responder=\(responder)")
        for (number, content) in contents.enumerated() { try mirror.put("\(number)", content) }
        let serving = try mirror.start()
        try serving.waitUntilFindable(contents.count, on: left)
        let daemon = try site(on: right).start()
        let end = ContinuousClock.now + .seconds(120)
        for content in contents {
            var answer = try follow(daemon, content)
            while answer.status != "200 \(RoutedLan.leftAddress)", ContinuousClock.now < end {
                answer = try follow(daemon, content)
            }
            #expect(answer.status == "200 \(RoutedLan.leftAddress)")
            #expect(answer.body == content)
        }
        #expect(try follow(daemon, "nobody's").status.hasPrefix("404"))
        withExtendedLifetime(router) {}
    }

    @Test func withoutAReflectorMulticastEndsAtTheRouter() throws {
        let router = try AvahiHost(lan.router, name: "router")
        let mirror = try site(on: left)
        try mirror.put("file", "content")
        let serving = try mirror.start()
        try serving.waitUntilFindable(1, on: left)
        let daemon = try site(on: right).start()
        for _ in 0..<2 { #expect(try follow(daemon, "content").status.hasPrefix("404")) }
        // It is there for who knows its address.
        let url = "https://\(RoutedLan.leftAddress):\(serving.port)/file?sha256=\(Digest(of: "content").hex)"
        #expect(try right.run("curl", "--silent", "--insecure", url).text == "content")
        withExtendedLifetime(router) {}
    }
}
