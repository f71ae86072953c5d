import PassimCore
import PassimTestKit
import Testing

@testable import PassimFetch

@Suite struct PeerProberTests {
    private func outcome(
        of script: [ScriptedServer.Step], within limit: Duration = generous
    ) async throws -> ProbeOutcome {
        let server = try ScriptedServer(script)
        return try await withProber { await $0.probe(server, within: limit) }
    }

    // MARK: Answers

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.0 200\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    ])
    func status200Confirms(head: String) async throws {
        #expect(try await outcome(of: answering(head)) == .confirmed)
        // The same where the connection ends behind it.
        #expect(try await outcome(of: [.handshake, .readRequest, .send(head)]) == .confirmed)
    }

    @Test(arguments: ["403 Forbidden", "405 Method Not Allowed"])
    func refusalOfTheMethodIsNoDenial(status: String) async throws {
        let head = "HTTP/1.1 \(status)\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"
        #expect(try await outcome(of: answering(head)) == .refused)
        // Older peers send the page of the error, and close.
        let script: [ScriptedServer.Step] = [.handshake, .readRequest, .send(head + "<p>no"), .closeNotify]
        #expect(try await outcome(of: script) == .refused)
    }

    @Test(arguments: [
        "204 No Content", "206 Partial Content", "302 Found\r\nLocation: https://127.0.0.1:1/",
        "404 Not Found",
        "406 Not Acceptable", "423 Locked", "500 Oh", "503 Service Unavailable",
        "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"", "304 Not Modified",
        "403 Forbidden\r\nAllow: GET, HEAD",
    ])
    func anyOtherStatusDenies(status: String) async throws {
        #expect(try await outcome(of: answering("HTTP/1.1 \(status)\r\n\r\n")) == .denied)
    }

    @Test func redirectIsNotFollowed() async throws {
        let elsewhere = try ScriptedServer(answering(found))
        let head = "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1:\(elsewhere.port)/file\r\n\r\n"
        #expect(try await outcome(of: answering(head)) == .denied)
        #expect(elsewhere.connectionCount == 0)
    }

    // MARK: What is no answer

    @Test(arguments: [
        "", "\u{0}\u{1}\u{2}\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n", "<html>hello</html>\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 2", "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n",
    ])
    func nonsenseAndHeadsThatAreCutFail(bytes: String) async throws {
        #expect(try await outcome(of: [.handshake, .readRequest, .send(bytes)]) == .failed)
        #expect(try await outcome(of: [.handshake, .readRequest, .send(bytes), .closeNotify]) == .failed)
        #expect(try await outcome(of: [.handshake, .readRequest, .send(bytes), .reset]) == .failed)
    }

    @Test(arguments: [
        "X-More: \(String(repeating: "x", count: 100))\r\n", "x", "HTTP/1.1 100 Continue\r\n\r\n",
    ])
    func headWithoutEndFails(piece: String) async throws {
        let script: [ScriptedServer.Step] = [
            .handshake, .readRequest, .send("HTTP/1.1 200 OK\r\n"), .sendForever(piece),
        ]
        #expect(try await outcome(of: script) == .failed)
    }

    @Test func whoDoesNotSpeakTLSFails() async throws {
        #expect(try await outcome(of: [.sendRaw(Array("HTTP/1.1 200 OK\r\n\r\n".utf8))]) == .failed)
        #expect(try await outcome(of: [.sendRaw([0x15, 3, 3, 0, 2, 2, 40])]) == .failed)
        #expect(try await outcome(of: []) == .failed)
        #expect(try await outcome(of: [.reset]) == .failed)
        #expect(try await outcome(of: [.handshake]) == .failed)
    }

    @Test func whoeverHangsFailsWithinTheLimit() async throws {
        let limit: Duration = .milliseconds(300)
        #expect(try await outcome(of: [.hang], within: limit) == .failed)
        #expect(try await outcome(of: [.handshake, .hang], within: limit) == .failed)
        #expect(try await outcome(of: [.handshake, .readRequest, .hang], within: limit) == .failed)
        let half: [ScriptedServer.Step] = [.handshake, .readRequest, .send("HTTP/1.1 200 OK\r\n"), .hang]
        #expect(try await outcome(of: half, within: limit) == .failed)
    }

    @Test func bytesOneByOneConfirmOnlyWithinTheLimit() async throws {
        let script: [ScriptedServer.Step] = [.handshake, .readRequest, .sendSlowly(found, 5)]
        #expect(try await outcome(of: script) == .confirmed)
        let slow: [ScriptedServer.Step] = [.handshake, .readRequest, .sendSlowly(found, 100)]
        #expect(try await outcome(of: slow, within: .milliseconds(300)) == .failed)
    }

    @Test func noTimeAtAllAsksNobody() async throws {
        let server = try ScriptedServer(answering(found))
        try await withProber { prober in
            #expect(await prober.probe(server, within: .zero) == .unasked)
            #expect(await prober.probe(server, within: .seconds(-1)) == .unasked)
        }
        #expect(server.connectionCount == 0)
    }

    @Test func refusedConnectionFails() async throws {
        let port = try ScriptedServer([]).port
        let peer = Peer(address: IPAddress(ipv4: 0x7F00_0001), port: port)
        try await withProber { prober in
            #expect(await prober.probe(peer, for: wanted, within: generous) == .failed)
        }
    }

    // MARK: Certificates

    @Test(arguments: [("20000101000000Z", "20010101000000Z"), ("20900101000000Z", "20910101000000Z")])
    func certificateOfAnotherTimeConfirms(start: String, end: String) async throws {
        let identity = try DatedIdentity.make(from: start, to: end)
        let server = try ScriptedServer(answering(found), identity: identity)
        try await withProber { prober in
            #expect(await prober.probe(server) == .confirmed)
        }
    }

    // MARK: The request

    /// Not the client's: a peer may be anybody.
    @Test func asksWithHeadForTheDigestUnderAConstantName() async throws {
        let server = try ScriptedServer(answering(found))
        try await withProber { prober in
            #expect(await prober.probe(server) == .confirmed)
        }
        let lines = try #require(server.requests.first).split(separator: "\r\n")
        #expect(lines.first == "HEAD /file?sha256=\(wanted.hex) HTTP/1.1")
        #expect(lines.contains("Host: 127.0.0.1:\(server.port)"))
        #expect(lines.contains("User-Agent: passim/\(passimVersion)"))
        #expect(!lines.contains { $0.hasPrefix("Authorization:") || $0.hasPrefix("Cookie:") })
    }

    @Test(.enabled(if: OwnAddress.hasIPv6Loopback, "needs ::1"))
    func asksOverIPv6() async throws {
        let server = try ScriptedServer(answering(found), at: IPAddress(high: 0, low: 1))
        try await withProber { prober in
            #expect(await prober.probe(server) == .confirmed)
        }
        #expect(server.requests.first?.contains("\r\nHost: [::1]:\(server.port)\r\n") == true)
    }

    @Test(.enabled(if: OwnAddress.linkLocal != nil, "needs an interface with a link-local IPv6 address"))
    func asksLinkLocalAddressThroughItsInterface() async throws {
        let address = try #require(OwnAddress.linkLocal)
        let server = try ScriptedServer(answering(found), at: address)
        try await withProber { prober in
            #expect(await prober.probe(server) == .confirmed)
        }
        #expect(server.requests.first?.contains("%") == false)
    }

    // MARK: The real daemon

    @Test func realDaemonConfirmsWhatItHasAndDeniesTheRest() async throws {
        let site = try DaemonSite()
        try site.share()
        try site.put("file", "content")
        let daemon = try site.start()
        try daemon.firstPass()
        let peer = Peer(address: IPAddress(ipv4: 0x7F00_0001), port: daemon.port)
        try await withProber { prober in
            let digest = Digest(of: "content")
            #expect(await prober.probe(peer, for: digest, within: generous) == .confirmed)
            #expect(await prober.probe(peer, for: wanted, within: generous) == .denied)
        }
    }
}
