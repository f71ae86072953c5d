import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimFetch

/// Questions to named mirrors: by name, over kept connections, with a pin.
@Suite struct MirrorProbeTests {
    /// A server with a key of its own, and the pin of that, as openssl(1) makes it.
    private final class Pinned {
        let tree: TemporaryTree
        let server: ScriptedServer
        let pin: String

        init(_ script: [ScriptedServer.Step]) throws {
            tree = try TemporaryTree()
            let location = ServerIdentity.Location(
                keyPath: tree.absolute("secret.key"), certificatePath: tree.absolute("cert.pem"))
            let identity = try ServerIdentity.load(from: location, hostName: "host", now: wallClock()).0
            server = try ScriptedServer(script, identity: identity)
            pin = try publicKeyPin(ofCertificate: tree.absolute("cert.pem"))
        }
    }

    private let loopback = IPAddress(ipv4: 0x7F00_0001)
    private let wrong = "sha256//" + String(repeating: "A", count: 43) + "="

    private func host(_ server: ScriptedServer, pin: String? = nil) -> MirrorHost {
        MirrorHost(name: "mirror.invalid", port: server.port, pin: pin)
    }

    @Test func nameLeadsToItsAddressesAndTheConnectionIsKept() async throws {
        let server = try ScriptedServer(answering(found))
        try await withProber { prober in
            for _ in 0..<20 {
                let outcome = await prober.probe(host(server), at: [loopback], for: wanted, within: generous)
                #expect(outcome == .confirmed)
            }
        }
        #expect(server.connectionCount == 1)
        #expect(server.requests.count == 20)
        #expect(server.requests.allSatisfy { $0.contains("Host: mirror.invalid:\(server.port)\r\n") })
        // Nothing is said of the client, nor of its name for the file.
        #expect(server.requests.allSatisfy { $0.hasPrefix("HEAD /file?sha256=\(wanted.hex) HTTP/1.1\r\n") })
    }

    /// The second address is tried while the first one refuses.
    @Test func anyOfTheAddressesWillDo() async throws {
        let server = try ScriptedServer(answering(found))
        try await withProber { prober in
            let dead = IPAddress(ipv4: 0x7F00_0002)
            let outcome = await prober.probe(
                host(server), at: [dead, loopback], for: wanted, within: generous)
            #expect(outcome == .confirmed)
        }
    }

    @Test(arguments: [
        ("HTTP/1.1 404 Not Found\r\n\r\n", MirrorOutcome.denied),
        ("HTTP/1.1 403 Forbidden\r\nAllow: GET, HEAD\r\n\r\n", .denied),
        ("HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:1/\r\n\r\n", .denied),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", .refused),
    ])
    func otherAnswersAreNone(head: String, expected: MirrorOutcome) async throws {
        let server = try ScriptedServer(answering(head))
        try await withProber { prober in
            #expect(
                await prober.probe(host(server), at: [loopback], for: wanted, within: generous) == expected)
        }
    }

    @Test func failureIsSaidInWords() async throws {
        try await withProber { prober in
            let host = MirrorHost(name: "127.0.0.1", port: 1)
            let outcome = await prober.probe(host, at: [loopback], for: wanted, within: generous)
            #expect(outcome == .failed("Couldn't connect to server"))
        }
    }

    @Test func pinIsThatOfTheKeyOrNothingIsAsked() async throws {
        let pinned = try Pinned(answering(found))
        try await withProber { prober in
            let server = pinned.server
            // One without a pin has a connection that one with another pin must not take.
            let cases: [(String?, MirrorOutcome)] = [
                (nil, .confirmed), (pinned.pin, .confirmed), (wrong, .wrongKey), (pinned.pin, .confirmed),
            ]
            for (pin, expected) in cases {
                let outcome = await prober.probe(
                    host(server, pin: pin), at: [loopback], for: wanted, within: generous)
                #expect(outcome == expected)
            }
            #expect(server.requests.count == 3)
        }
    }

    // MARK: Downloads

    @Test func downloadTakesThePinBehindTheURL() throws {
        let fixture = try DownloadFixture()
        let pinned = try Pinned(ServedFile.script(fixture.content, .init()))
        try fixture.save(from: [pinned.server.url + "#" + pinned.pin])
        #expect(try fixture.tree.read("file") == fixture.content)
        #expect(pinned.server.requests.allSatisfy { !$0.contains("#") })
    }

    @Test func downloadFromAnotherKeyIsNone() throws {
        let fixture = try DownloadFixture()
        let pinned = try Pinned(ServedFile.script(fixture.content, .init()))
        let url = pinned.server.url + "#" + wrong
        #expect(throws: DownloadError.self) { try fixture.save(from: [url]) }
        #expect(fixture.reasons == [.nonsense("shows another key than the pin of Mirror= says")])
        #expect(pinned.server.requests == [])
        // The next one has no pin, and is asked with none.
        let other = try fixture.server()
        try fixture.save(from: [url, other.url])
        #expect(try fixture.tree.read("file") == fixture.content)
    }

    @Test(
        arguments: [
            ("https://a/b?c", "https://a/b?c", nil), ("https://a/#sha256//x", "https://a/", "sha256//x"),
            ("https://a/#b", "https://a/", nil), ("https://a/#\u{301}sha256//x", "https://a/", nil),
            ("#", "", nil), ("https://a/#sha256//", "https://a/", "sha256//"),
        ] as [(String, String, String?)])
    func fragmentIsThePin(text: String, url: String, pin: String?) {
        #expect(PinnedURL(text).url == url)
        #expect(PinnedURL(text).pin == pin)
    }
}
