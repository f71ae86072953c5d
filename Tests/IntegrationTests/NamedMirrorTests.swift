import Glibc
import PassimCore
import PassimTestKit
import Testing

/// Files found by `Mirror=`: real daemons on machines of their own, without a bus, without Avahi, and with
/// `Multicast=false` unless it is said.
@Suite(
    .enabled(if: Lan.isPossible && canMount, Comment(rawValue: Lan.requirement)), .timeLimit(.minutes(20)))
struct NamedMirrorTests {
    let lan: Lan
    let content = "content of the file\n"
    var digest: Digest { Digest(of: content) }

    init() throws {
        lan = try Lan(hosts: 4)
    }

    private func settings(_ more: [String]) -> [String] { ["Port=27500", "Multicast=false"] + more }

    /// A daemon at the usual port of a host.
    private func site(
        on host: Int, _ more: String..., environment: [String: String?] = [:]
    ) throws -> DaemonSite {
        let site = try DaemonSite(namespace: lan.hosts[host], ownMounts: true, environment: environment)
        try site.configure(settings(more))
        try site.share()
        return site
    }

    /// With the file.
    private func startMirror(on host: Int, _ more: String...) throws -> DaemonProcess {
        let site = try DaemonSite(namespace: lan.hosts[host])
        try site.configure(settings(more))
        try site.put("sub/file.txt", content)
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass()
        return daemon
    }

    private func get(_ host: Int, _ target: String) throws -> HTTPResponse {
        try lan.curl(on: lan.hosts[host], ["https://localhost:27500\(target)"])
    }

    private func lookUp(_ digest: Digest, on host: Int) throws -> HTTPResponse {
        try get(host, "/a%20b.txt?sha256=\(digest.hex)")
    }

    /// Asks until that is the answer: what is found in vain is remembered for a while, and so are failures of a machine
    /// that is busy.
    private func expect(_ location: String?, of digest: Digest, on host: Int) throws {
        let url = location.map { "https://\($0)/a%20b.txt?sha256=\(digest.hex)" }
        let end = ContinuousClock.now + .seconds(90)
        var response = try lookUp(digest, on: host)
        while response["Location"] != url || (response.status == 302) != (url != nil),
            ContinuousClock.now < end
        {
            usleep(100_000)
            response = try lookUp(digest, on: host)
        }
        #expect(response["Location"] == url)
        #expect(response.status == (url == nil ? 404 : 302))
    }

    /// A metric's value; nil where it is not there.
    private func metric(_ name: String, on host: Int) throws -> Int? {
        let text = try get(host, "/metrics").text
        let line = text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
        return line.flatMap { Int($0.dropFirst(name.utf8.count + 1)) }
    }

    private func expectMetric(_ name: String, _ value: Int?, on host: Int) throws {
        let end = ContinuousClock.now + .seconds(90)
        while try metric(name, on: host) != value, ContinuousClock.now < end { usleep(100_000) }
        #expect(try metric(name, on: host) == value)
    }

    private func expectReadiness(_ text: String, on host: Int) throws {
        let end = ContinuousClock.now + .seconds(90)
        var body = try get(host, "/readyz").text
        while !body.contains(text), ContinuousClock.now < end {
            usleep(100_000)
            body = try get(host, "/readyz").text
        }
        #expect(body.contains(text), "\(body)")
    }

    // MARK: One mirror

    @Test func fileIsFoundWithoutBusAvahiAndMulticast() throws {
        let mirror = try startMirror(on: 0)
        let daemon = try site(on: 1, "Mirror=\(Lan.serverAddress)").start()
        try expect("\(Lan.serverAddress):27500", of: digest, on: 1)
        let followed = try Command.run(
            [
                "curl", "--silent", "--insecure", "--location",
                "https://localhost:27500/x?sha256=\(digest.hex)",
            ], setting(1))
        #expect(followed.text == content)
        try expect(nil, of: Digest(of: "nobody's"), on: 1)
        // The mirror itself answers nobody's question with another place.
        let url = "https://\(Lan.serverAddress):27500/x?sha256=\(Digest(of: "nobody's").hex)"
        #expect(try lan.curl(on: lan.client, ["--head", url]).status == 403)
        // That there is no Avahi is no trouble, and nothing is said nor heard by multicast.
        for host in [0, 1] {
            #expect(try get(host, "/readyz").text.hasPrefix("ok: "))
            let sockets = try Command.succeed(["cat", "/proc/net/udp", "/proc/net/udp6"], setting(host)).text
            #expect(!sockets.uppercased().contains(":14E9 "), "\(sockets)")
        }
        #expect(try get(1, "/").text.contains("not advertised, and nobody asked, by Multicast=false"))
        #expect(try metric(answers("\(Lan.serverAddress):27500", "found"), on: 1) ?? 0 >= 1)
        #expect(try metric(answers("\(Lan.serverAddress):27500", "missing"), on: 1) ?? 0 >= 1)
        withExtendedLifetime((mirror, daemon)) {}
    }

    private func setting(_ host: Int) -> ChildProcess.Setting {
        var setting = ChildProcess.Setting()
        setting.namespace = lan.hosts[host]
        return setting
    }

    private func answers(_ mirror: String, _ result: String) -> String {
        "passim_mirror_answers_total{mirror=\"\(mirror)\",result=\"\(result)\"}"
    }

    @Test func manyQuestionsAreAskedOverOneConnection() throws {
        let mirror = try startMirror(on: 0)
        let daemon = try site(on: 1, "Mirror=\(Lan.serverAddress)").start()
        try expect("\(Lan.serverAddress):27500", of: digest, on: 1)
        let before = try #require(try metric("passim_connections_total", on: 0))
        let asked = try #require(
            try metric("passim_mirror_questions_total{mirror=\"\(Lan.serverAddress):27500\"}", on: 1))
        // One client that asks for thirty files.
        let urls = (0..<30).map { "https://localhost:27500/x?sha256=\(Digest(of: "nobody's \($0)").hex)" }
        let codes = try Command.succeed(
            ["curl", "--silent", "--insecure", "--write-out", "%{http_code}\n"]
                + urls.flatMap { ["--output", "/dev/null", $0] }, setting(1))
        #expect(codes.text == String(repeating: "404\n", count: 30))
        #expect(
            try metric("passim_mirror_questions_total{mirror=\"\(Lan.serverAddress):27500\"}", on: 1)
                == asked + 30)
        // The other one reads this metric. A machine that was busy for longer than a question lasts makes one more.
        let more = try #require(try metric("passim_connections_total", on: 0)) - before
        #expect((1...4).contains(more), "\(more)")
        withExtendedLifetime((mirror, daemon)) {}
    }

    @Test func pinGuardsTheQuestionAndIsReadAgain() throws {
        let mirror = try startMirror(on: 0)
        let pin = try publicKeyPin(ofCertificate: mirror.site.tree.absolute("var/lib/passim/cert.pem"))
        let wrong = "sha256//" + String(repeating: "A", count: 43) + "="
        let site = try site(on: 1, "Mirror=\(Lan.serverAddress)#\(wrong)")
        let daemon = try site.start()
        try expect(nil, of: digest, on: 1)
        try expectReadiness(
            "error discovery: the mirror \(Lan.serverAddress):27500 of Mirror= is not used: it shows another key",
            on: 1)
        #expect(try metric("passim_mirror_usable{mirror=\"\(Lan.serverAddress):27500\"}", on: 1) == 0)
        #expect(try get(1, "/").text.contains("shows another key than its pin says"))
        // The mirror was never asked.
        #expect(try metric("passim_requests_total{code=\"200\"}", on: 0) == 0)
        try site.configure(settings(["Mirror=\(Lan.serverAddress)#\(pin)"]))
        daemon.process.kill(SIGHUP)
        try expect("\(Lan.serverAddress):27500", of: digest, on: 1)
        try expectReadiness("ok: ", on: 1)
        try site.configure(settings([]))
        daemon.process.kill(SIGHUP)
        try expect(nil, of: Digest(of: "nobody's"), on: 1)
        #expect(try metric("passim_mirror_usable{mirror=\"\(Lan.serverAddress):27500\"}", on: 1) == nil)
        withExtendedLifetime(mirror) {}
    }

    // MARK: Several

    /// One that is stopped takes connections and says nothing; at another address there is nobody.
    @Test func mirrorsThatHangDelayNobodyForLong() throws {
        let good = try startMirror(on: 0)
        let stopped = try startMirror(on: 2)
        let daemon = try site(
            on: 1, "Mirror=\(Lan.address(of: 2));\(Lan.address(of: 98));\(Lan.serverAddress)"
        ).start()
        stopped.process.kill(SIGSTOP)
        try expect("\(Lan.serverAddress):27500", of: digest, on: 1)
        for number in 0..<20 { #expect(try lookUp(Digest(of: "nobody's \(number)"), on: 1).status == 404) }
        // It is left alone for longer each time.
        let questions = "passim_mirror_questions_total{mirror=\"\(Lan.address(of: 2)):27500\"}"
        let asked = try #require(try metric(questions, on: 1))
        #expect(asked <= 10, "\(asked)")
        #expect(try metric("passim_mirror_usable{mirror=\"\(Lan.address(of: 2)):27500\"}", on: 1) == 0)
        #expect(try metric("passim_mirror_usable{mirror=\"\(Lan.address(of: 98)):27500\"}", on: 1) == 0)
        // The good one goes, and the other one comes back.
        #expect(try good.process.terminate() == .exit(0))
        stopped.process.kill(SIGCONT)
        try expect("\(Lan.address(of: 2)):27500", of: digest, on: 1)
        withExtendedLifetime(daemon) {}
    }

    @Test func oneFileServesAllHosts() throws {
        let names = (0..<2).map { Lan.address(of: $0) }.joined(separator: ";")
        let mirror = try startMirror(on: 0, "Mirror=\(names)")
        let daemon = try site(on: 1, "Mirror=\(names)").start()
        try expect("\(Lan.serverAddress):27500", of: digest, on: 1)
        // Its own copy is asked for elsewhere.
        #expect(try get(0, "/x?sha256=\(digest.hex)&localhost=false").status == 404)
        for (host, other) in [(0, 1), (1, 0)] {
            #expect(
                try metric(
                    "passim_mirror_questions_total{mirror=\"\(Lan.address(of: other)):27500\"}", on: host)
                    ?? 0
                    >= 1)
            #expect(
                try metric(
                    "passim_mirror_questions_total{mirror=\"\(Lan.address(of: host)):27500\"}", on: host)
                    == nil)
            #expect(try get(host, "/").text.contains("this machine, never asked"))
        }
        withExtendedLifetime((mirror, daemon)) {}
    }

    // MARK: Names

    /// Starts with /etc/hosts and /etc/resolv.conf of its own.
    private func start(_ site: DaemonSite, hosts: String = "", nameServer: String) throws -> DaemonProcess {
        try site.tree.write("hosts", "127.0.0.1 localhost\n\(hosts)\n")
        try site.tree.write("resolv.conf", "nameserver \(nameServer)\noptions timeout:1 attempts:1\n")
        return try site.start(
            after: """
                mount --bind \(site.tree.absolute("hosts")) /etc/hosts
                mount --bind \(site.tree.absolute("resolv.conf")) /etc/resolv.conf
                """)
    }

    @Test func hostIsCalledAsItIsNamed() throws {
        let mirror = try startMirror(on: 0)
        let daemon = try start(
            site(on: 1, "Mirror=Mirror.test;own.test"),
            hosts: "\(Lan.serverAddress) mirror.test\n127.0.1.1 own.test", nameServer: Lan.address(of: 98))
        try expect("Mirror.test:27500", of: digest, on: 1)
        #expect(try metric("passim_mirror_questions_total{mirror=\"own.test:27500\"}", on: 1) == nil)
        withExtendedLifetime((mirror, daemon)) {}
    }

    static let hasNameServer =
        (try? Command.run(["sh", "-c", "command -v dnsmasq"]))?.succeeded == true

    /// A name server of a domain `lan.test`, whose mirrors are hosts 0 and 3; 3 is the better one.
    private func startNameServer(on host: Int) throws -> ChildProcess {
        try ChildProcess(
            [
                "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts",
                "--user=root", "--pid-file=", "--log-facility=-", "--bind-interfaces", "--local=/test/",
                "--listen-address=\(Lan.address(of: host))",
                "--srv-host=_passim._tcp.lan.test,box0.lan.test,27500,20,0",
                "--srv-host=_passim._tcp.lan.test,box3.lan.test,27500,10,0",
                "--host-record=box0.lan.test,\(Lan.address(of: 0))",
                "--host-record=box3.lan.test,\(Lan.address(of: 3))",
            ], setting(host))
    }

    @Test(.enabled(if: hasNameServer, "needs dnsmasq")) func mirrorsOfADomainAreFoundByTheirRecords() throws {
        let first = try startMirror(on: 0)
        let second = try startMirror(on: 3)
        let server = try startNameServer(on: 2)
        let daemon = try start(site(on: 1, "Mirror=srv:lan.test"), nameServer: Lan.address(of: 2))
        try expect("box3.lan.test:27500", of: digest, on: 1)
        try second.process.terminate()
        try expect("box0.lan.test:27500", of: digest, on: 1)
        // The name server hangs: what is known is used.
        server.kill(SIGSTOP)
        try expect("box0.lan.test:27500", of: digest, on: 1)
        withExtendedLifetime((first, daemon)) {}
    }

    @Test(.enabled(if: hasNameServer, "needs dnsmasq")) func nameServerThatHangsDelaysNobody() throws {
        let mirror = try startMirror(on: 0)
        let server = try startNameServer(on: 2)
        server.kill(SIGSTOP)
        let daemon = try start(
            site(on: 1, "Mirror=srv:lan.test;box3.lan.test;\(Lan.serverAddress)"),
            nameServer: Lan.address(of: 2))
        try expect("\(Lan.serverAddress):27500", of: digest, on: 1)
        try expectMetric("passim_mirror_usable{mirror=\"srv:lan.test\"}", 0, on: 1)
        #expect(try get(1, "/").text.contains("its name leads nowhere"))
        // Whoever looks has it tried again.
        server.kill(SIGCONT)
        try expectMetric("passim_mirror_usable{mirror=\"srv:lan.test\"}", nil, on: 1)
        try expectMetric("passim_mirror_usable{mirror=\"box0.lan.test:27500\"}", 1, on: 1)
        withExtendedLifetime((mirror, daemon)) {}
    }

    // MARK: The command

    @Test func commandFetchesFromIt() throws {
        let mirror = try startMirror(on: 0)
        let pin = try publicKeyPin(ofCertificate: mirror.site.tree.absolute("var/lib/passim/cert.pem"))
        let bus = try SystemBus(.everything)
        let site = try site(
            on: 1, "Mirror=\(Lan.serverAddress)#\(pin)", environment: bus.environment)
        let daemon = try site.start()
        try daemon.process.waitForLine(containing: "on the system bus as")
        let place = try TemporaryTree()
        var setting = setting(1)
        setting.environment = bus.environment
        setting.workingDirectory = place.path
        func download(_ name: String) throws -> Command.Outcome {
            let end = ContinuousClock.now + .seconds(60)
            while true {
                let outcome = try Command.run(
                    [try Products.path(of: "passim"), "download", name, digest.hex], setting)
                if outcome.succeeded || ContinuousClock.now > end { return outcome }
            }
        }
        let outcome = try download("file")
        #expect(outcome.text == "Saved file (20 B of text/plain)\n", "\(outcome.errorText)")
        #expect(try place.read("file") == Array(content.utf8))
        // The command is told the pin, and checks it itself.
        let found = try Command.run(
            [
                "gdbus", "call", "--address", bus.address, "--dest", "org.freedesktop.Passim",
                "--object-path", "/",
                "--method", "org.freedesktop.Passim.Mirror.FindPeers", digest.hex,
            ], setting)
        #expect(
            found.text.contains(
                "'https://\(Lan.serverAddress):27500/\(digest.hex)?sha256=\(digest.hex)#\(pin)'"), "\(found)")
        withExtendedLifetime(mirror) {}
    }
}
