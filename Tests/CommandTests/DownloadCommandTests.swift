import Glibc
import PassimBus
import PassimCore
import PassimTestKit
import Testing

@testable import PassimSystem
@testable import passim

/// `passim download`, over a real bus, from servers that do as a test says.
@Suite struct DownloadCommandTests {
    private let content = Array("content of the file\n".utf8)
    private let hash = Digest(of: "content of the file\n").hex

    private func server(_ manner: ServedFile.Manner = .init()) throws -> ScriptedServer {
        try ScriptedServer(ServedFile.script(content, manner))
    }

    private func liar() throws -> ScriptedServer {
        try ScriptedServer(ServedFile.script(Array("content of a file..\n".utf8)))
    }

    private func url(_ server: ScriptedServer) -> String {
        "https://127.0.0.1:\(server.port)/name?sha256=\(hash)"
    }

    private func place(_ server: ScriptedServer) -> String { "https://127.0.0.1:\(server.port)/name" }

    private func fixture(_ servers: ScriptedServer...) async throws -> CommandFixture {
        let fixture = try await CommandFixture.make()
        fixture.daemon.state.withLock { $0.peers = servers.map(url) }
        return fixture
    }

    // MARK: Peers that the daemon names

    @Test func fileIsSaved() async throws {
        let server = try server()
        let fixture = try await fixture(server)
        let outcome = try await fixture.passim("download", "name", hash.uppercased())
        #expect(outcome.end == .exit(0))
        #expect(outcome.text == "Saved name (20 B of text/x-test)\n")
        #expect(outcome.errorText == "")
        #expect(try fixture.tree.read("name") == content)
        #expect(server.requests.first?.hasPrefix("GET /name?sha256=\(hash) HTTP/1.1\r\n") == true)
    }

    @Test func liarIsReportedAndTheNextOneAsked() async throws {
        let liar = try liar()
        let server = try server()
        let fixture = try await fixture(liar, server)
        let outcome = try await fixture.passim("download", "name", hash)
        #expect(outcome.end == .exit(0))
        #expect(outcome.text == "Saved name (20 B of text/x-test)\n")
        #expect(outcome.errorText == "passim: \(place(liar)): sent other content than was asked for\n")
        #expect(try fixture.tree.read("name") == content)
        #expect(fixture.daemon.state.withLock { $0.reported } == ["\(url(liar)) \(hash)"])
    }

    @Test func othersAreAskedForWhenAllHaveFailed() async throws {
        let liar = try liar()
        let server = try server()
        let fixture = try await fixture(liar)
        // As the daemon does: liars it names no more, and others then.
        fixture.daemon.state.withLock { $0.peersAfterReport = [url(server)] }
        let outcome = try await fixture.passim("download", "name", hash)
        #expect(outcome.end == .exit(0))
        #expect(outcome.errorText == "passim: \(place(liar)): sent other content than was asked for\n")
        #expect(try fixture.tree.read("name") == content)
    }

    @Test func liarsAloneLeaveNoFile() async throws {
        let liars = try [liar(), liar()]
        let fixture = try await fixture(liars[0], liars[1])
        try fixture.tree.write("name", "what was there")
        let outcome = try await fixture.passim("download", "name", hash)
        #expect(outcome.end == .exit(1))
        #expect(outcome.text == "")
        let lines = outcome.errorText.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines.last == "passim: none of the machines that were asked sent the file")
        #expect(try fixture.tree.list("") == [RawName("name")])
        #expect(try fixture.tree.read("name") == Array("what was there".utf8))
        #expect(fixture.daemon.state.withLock { $0.reported.count } == 2)
    }

    @Test func whoBreaksOffIsNoLiar() async throws {
        let cut = try server(.init(cut: 5))
        let server = try server()
        let fixture = try await fixture(cut, server)
        let outcome = try await fixture.passim("download", "name", hash)
        #expect(outcome.end == .exit(0))
        #expect(outcome.errorText == "passim: \(place(cut)): ended after 5 of 20 bytes\n")
        #expect(server.requests.first?.contains("\r\nRange: bytes=5-\r\n") == true)
        #expect(fixture.daemon.state.withLock { $0.reported } == [])
    }

    @Test func interruptedDownloadGoesOn() async throws {
        let halting = try server(.init(halt: 7))
        let fixture = try await fixture(halting)
        let partial = RawName(".passim-\(hash).part")
        let download = try await fixture.start("download", "name", hash)
        #expect(await becomesTrue { (try? fixture.tree.read(partial))?.count == 7 })
        download.kill(SIGINT)
        #expect(try await onOwnThread { try download.wait() } == .signal(SIGINT))
        #expect(try fixture.tree.list("") == [partial])
        let server = try server()
        fixture.daemon.state.withLock { $0.peers = [url(server)] }
        #expect(try await fixture.passim("download", "name", hash).succeeded)
        #expect(server.requests.first?.contains("\r\nRange: bytes=7-\r\n") == true)
        #expect(try fixture.tree.list("") == [RawName("name")])
        #expect(try fixture.tree.read("name") == content)
    }

    // MARK: Where it is put

    @Test func fileIsSavedWhereItIsWanted() async throws {
        let server = try server()
        let fixture = try await fixture(server)
        try fixture.tree.makeDirectory("directory")
        let named = try await fixture.passim("download", "name", hash, "--output", "directory/other")
        #expect(named.text == "Saved directory/other (20 B of text/x-test)\n")
        #expect(try fixture.tree.read("directory/other") == content)
        #expect(try await fixture.passim("download", "name", hash, "-o", "directory").succeeded)
        #expect(try fixture.tree.read("directory/name") == content)
        let stream = try await fixture.passim("download", "name", hash, "-o", "-")
        #expect(stream.output == content)
        #expect(stream.errorText == "Saved name (20 B of text/x-test)\n")
        #expect(try fixture.tree.list("") == [RawName("directory")])
        let device = try await fixture.passim("download", "name", hash, "-o", "/dev/null")
        #expect(device.end == .exit(1))
        #expect(device.errorText == "passim: the output exists, and is not a regular file\n")
    }

    @Test func streamGetsNothingThatIsWrong() async throws {
        let fixture = try await fixture(liar())
        let outcome = try await fixture.passim("download", "name", hash, "-o", "-")
        #expect(outcome.end == .exit(1))
        #expect(outcome.output == [])
    }

    // MARK: The daemon sends on

    @Test func daemonIsAskedWhereItNamesNobody() async throws {
        let liar = try liar()
        let fixture = try await CommandFixture.make()
        let redirect = try ScriptedServer(ServedFile.redirect(to: url(liar)))
        fixture.daemon.state.withLock { $0.properties.uri = "https://127.0.0.1:\(redirect.port)/" }
        let lied = try await fixture.passim("download", "a name", hash)
        #expect(lied.end == .exit(1))
        let redirectPlace = "https://127.0.0.1:\(redirect.port)/a%20name"
        let path = "a%20name?sha256=\(hash)&localhost=false"
        #expect(redirect.requests.first?.hasPrefix("GET /\(path) HTTP/1.1") == true)
        let told =
            "passim: \(redirectPlace), which sends to \(place(liar)): sent other content than was asked for\n"
        #expect(lied.errorText.hasPrefix(told))
        // Whom it sent to is the one to blame.
        #expect(fixture.daemon.state.withLock { $0.reported.first } == "\(url(liar)) \(hash)")
        let server = try server()
        let honest = try ScriptedServer(ServedFile.redirect(to: url(server)))
        fixture.daemon.state.withLock { $0.properties.uri = "https://127.0.0.1:\(honest.port)/" }
        #expect(try await fixture.passim("download", "a name", hash).succeeded)
        #expect(try fixture.tree.read("a name") == content)
    }

    @Test func nobodyHasIt() async throws {
        let fixture = try await CommandFixture.make()
        let denying = try ScriptedServer([
            .handshake, .readRequest, .send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
            .repeatFromRequest,
        ])
        fixture.daemon.state.withLock { $0.properties.uri = "https://127.0.0.1:\(denying.port)/" }
        let outcome = try await fixture.passim("download", "name", hash)
        #expect(outcome.end == .exit(1))
        #expect(outcome.errorText.hasPrefix("passim: cannot download name: "), "\(outcome.errorText)")
        #expect(try fixture.tree.list("") == [])
    }

    @Test func linkThatIsDownIsSaid() {
        func interface(_ name: String, isRunning: Bool, _ address: String?) -> NetworkInterface {
            let addresses = address.map {
                [NetworkInterface.Address(address: IPAddress($0)!, prefixLength: 24)]
            }
            return NetworkInterface(
                index: 1, name: name, addresses: addresses ?? [], isRunning: isRunning, isMulticast: true,
                isLoopback: name == "lo", isPointToPoint: false)
        }
        let loopback = interface("lo", isRunning: true, "127.0.0.1")
        func text(_ interfaces: NetworkInterface...) -> String {
            Candidates.nobody(has: RawName("a"), interfaces: interfaces, troubles: []).description
        }
        for down in [interface("e0", isRunning: false, "192.0.2.1"), interface("e0", isRunning: true, nil)] {
            #expect(
                text(loopback, down)
                    == "cannot download a: this machine is on no network: no interface is up and has an address"
            )
        }
        let other = "cannot download a: no machine of this network has a file with this SHA-256"
        #expect(text(loopback, interface("e0", isRunning: true, "192.0.2.1")) == other)
        // Not known is not down.
        #expect(text() == other)
        let trouble = Trouble(
            .error, .discovery, "x", why: "avahi-daemon is not running", command: "systemctl start it")
        let failure = Candidates.nobody(has: RawName("a"), interfaces: [], troubles: [trouble])
        #expect(
            failure.description
                == "cannot download a: other machines cannot be asked: avahi-daemon is not running")
        #expect(failure.command == "systemctl start it")
        let mirror = Trouble(
            .error, .discovery, subject: "box:1", "the mirror box:1 is not used", why: "it shows another key")
        let words = Candidates.nobody(has: RawName("a"), interfaces: [], troubles: [mirror]).description
        #expect(
            words.hasSuffix(
                "no machine that could be asked has a file with this SHA-256, "
                    + "and the mirror box:1 is not used: it shows another key"))
    }

    @Test func fileOfThisMachineIsTakenFromItself() async throws {
        let server = try server()
        let fixture = try await CommandFixture.make()
        fixture.daemon.state.withLock {
            $0.properties.uri = "https://127.0.0.1:\(server.port)/"
            $0.items = [
                ItemDescription(digest: Digest(hex: hash)!, filename: RawName(hash), size: 20, created: 0)
            ]
        }
        try fixture.tree.makeDirectory("sub")
        let outcome = try await fixture.passim("download", "sub/name", hash)
        #expect(outcome.end == .exit(0), "\(outcome.errorText)")
        #expect(try fixture.tree.read("sub/name") == content)
        #expect(server.requests.first?.hasPrefix("GET /name?sha256=\(hash) HTTP/1.1\r\n") == true)
    }

    @Test func olderDaemonSendsOn() async throws {
        let server = try server()
        let redirect = try ScriptedServer(ServedFile.redirect(to: url(server)))
        let older = try await OlderDaemon.make(uri: "https://127.0.0.1:\(redirect.port)/")
        let outcome = try await older.passim("download", "name", hash)
        #expect(outcome.end == .exit(0))
        #expect(outcome.errorText == "")
        #expect(try older.tree.read("name") == content)
        #expect(try await older.passim("status", "--limit", "2").text.hasSuffix("Items 1 to 2 of 3.\n"))
        #expect(try await older.passim("list", "file-1").text.split(separator: "\n").count == 2)
        let rescan = try await older.passim("rescan")
        #expect(rescan.end == .exit(1))
        #expect(rescan.errorText.contains("older"))
    }
}
