import PassimCore
import PassimTestKit
import Testing

/// Peers that are not what they say, on a network of four machines.
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(10)))
struct FourHostsTests {
    let lan: Lan
    let hosts: [AvahiHost]
    let content = "what the honest one has\n"
    var digest: Digest { Digest(of: content) }

    init() throws {
        let lan = try Lan(hosts: 4)
        self.lan = lan
        hosts = try lan.hosts.enumerated().map { try AvahiHost($1, name: "host\($0)") }
    }

    private func site(on host: AvahiHost) throws -> DaemonSite {
        let site = try DaemonSite(
            namespace: host.namespace, environment: ["DBUS_SYSTEM_BUS_ADDRESS": host.busAddress])
        try site.share()
        return site
    }

    private func follow(_ daemon: DaemonProcess) throws -> (status: String, body: String) {
        let outcome = try hosts[3].run(
            "curl", "--silent", "--insecure", "--location", "--max-time", "20", "--write-out",
            "%{stderr}%{http_code}", "https://localhost:\(daemon.port)/file?sha256=\(digest.hex)")
        return (outcome.errorText, outcome.text)
    }

    /// Asks until the file comes.
    private func expectFile(_ daemon: DaemonProcess, seconds: Double = 60) throws {
        let end = ContinuousClock.now + .seconds(seconds)
        var answer = try follow(daemon)
        while answer.status != "200", ContinuousClock.now < end { answer = try follow(daemon) }
        #expect(answer.status == "200")
        #expect(answer.body == content)
    }

    @Test func clientEndsAtTheHonestOne() throws {
        let liar = try StockPeer(on: hosts[0], .liar, digests: [digest])
        let silent = try StockPeer(on: hosts[1], .silent, digests: [digest])
        let honest = try site(on: hosts[2])
        try honest.put("file", content)
        let honestDaemon = try honest.start()
        let daemon = try site(on: hosts[3]).start()
        try expectFile(daemon)
        // Each time, whoever is asked first.
        for _ in 0..<10 {
            let answer = try follow(daemon)
            #expect(answer.status == "200" && answer.body == content)
        }
        withExtendedLifetime((liar, silent, honestDaemon)) {}
    }

    /// Older peers refuse HEAD, which says only that they are alive.
    @Test func clientEndsAtAStockPeerWhereNobodyConfirms() throws {
        let peers = try [
            StockPeer(on: hosts[0], .stock(content: content), digests: [digest]),
            StockPeer(on: hosts[1], .stock(content: content), digests: [digest]),
            StockPeer(on: hosts[2], .liar, digests: [digest]),
        ]
        let daemon = try site(on: hosts[3]).start()
        try expectFile(daemon)
        for _ in 0..<5 { #expect(try follow(daemon).body == content) }
        withExtendedLifetime(peers) {}
    }

    @Test func peerThatSendsBackIsPassedOver() throws {
        let daemon = try site(on: hosts[3]).start()
        let back = "https://\(Lan.address(of: 3)):\(daemon.port)/file?sha256=\(digest.hex)"
        let peers = try [
            StockPeer(on: hosts[0], .redirect(to: back), digests: [digest]),
            StockPeer(on: hosts[1], .stock(content: content), digests: [digest]),
        ]
        try expectFile(daemon)
        for _ in 0..<5 { #expect(try follow(daemon).body == content) }
        withExtendedLifetime(peers) {}
    }

    @Test func onlyLiarsAreNobody() throws {
        let liar = try StockPeer(on: hosts[0], .liar, digests: [digest])
        let silent = try StockPeer(on: hosts[1], .silent, digests: [digest])
        let daemon = try site(on: hosts[3]).start()
        for _ in 0..<3 { #expect(try follow(daemon).status == "404") }
        withExtendedLifetime((liar, silent)) {}
    }
}
