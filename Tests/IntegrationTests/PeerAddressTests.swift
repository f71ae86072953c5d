import PassimCore
import PassimTestKit
import Testing

/// Which of a peer's addresses a client is sent to, where both speak IPv6: not every client understands the interface
/// in a link-local one (wget, aria2).
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(10)))
struct PeerAddressTests {
    let lan: Lan
    let hosts: [AvahiHost]
    let sites: [DaemonSite]
    let content = "content of the file\n"

    init() throws {
        let lan = try Lan()
        self.lan = lan
        hosts = try lan.hosts.enumerated().map { try AvahiHost($1, name: "host\($0)", running: false) }
        sites = try hosts.map { host in
            let site = try DaemonSite(
                namespace: host.namespace, environment: ["DBUS_SYSTEM_BUS_ADDRESS": host.busAddress])
            try site.configure(["IPv6=true"])
            return site
        }
        try sites[0].put("file", content)
        try sites[0].share()
    }

    private func remove(ipv4: Bool = false, ipv6: Bool = false) throws {
        for (number, host) in lan.hosts.enumerated() {
            let ip = ["ip", "-n", host, "addr", "del"]
            if ipv4 { try Command.succeed(ip + ["\(Lan.address(of: number))/24", "dev", "lan0"]) }
            if ipv6 { try Command.succeed(ip + ["\(Lan.address6(of: number))/64", "dev", "lan0"]) }
            // The link-local address is only tried at first.
            let end = ContinuousClock.now + .seconds(30)
            let tentative = ["ip", "-n", host, "-6", "addr", "show", "tentative"]
            while try !Command.succeed(tentative).text.isEmpty, ContinuousClock.now < end {}
        }
    }

    /// Where a client of the second host is sent, so many times.
    private func locations(_ count: Int) throws -> Set<String> {
        for host in hosts {
            try host.startBus()
            try host.startAvahi()
        }
        let daemons = try sites.map { try $0.start() }
        let url = "https://localhost:\(daemons[1].port)/file?sha256=\(Digest(of: content).hex)"
        let end = ContinuousClock.now + .seconds(120)
        var found: [String] = []
        while found.count < count, ContinuousClock.now < end {
            let outcome = try hosts[1].run(
                "curl", "--silent", "--insecure", "--write-out", "%{redirect_url}", "--output", "/dev/null",
                url)
            guard let authority = outcome.text.split(separator: "/").dropFirst().first else { continue }
            let port = ":\(daemons[0].port)"
            #expect(authority.hasSuffix(port))
            found.append(String(authority.dropLast(port.count)))
        }
        #expect(found.count == count)
        return Set(found)
    }

    @Test func addressThatNeedsNoInterfaceIsTaken() throws {
        try remove(ipv6: true)
        #expect(try locations(20) == [Lan.serverAddress])
    }

    @Test func routableAddressOfTheSixthVersionIsTakenToo() throws {
        try remove(ipv4: true)
        #expect(try locations(5) == ["[\(Lan.serverAddress6)]"])
    }

    @Test func linkLocalAddressIsTakenWhereThereIsNothingElse() throws {
        try remove(ipv4: true, ipv6: true)
        let found = try locations(3)
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0.hasPrefix("[fe80::") && $0.hasSuffix("%25lan0]") }, "\(found)")
    }
}
