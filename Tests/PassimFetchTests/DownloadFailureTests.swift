import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimFetch

@Suite struct DownloadFailureTests {
    private let wrong = Array("content of a file..\n".utf8)

    // MARK: Peers

    @Test func liarIsNamedAndTheNextOneAsked() throws {
        let fixture = try DownloadFixture()
        let liar = try ScriptedServer(ServedFile.script(wrong))
        try fixture.save(from: liar, fixture.server())
        #expect(
            fixture.failures == [PeerFailure(url: liar.url, effectiveURL: liar.url, reason: .lied)])
        #expect(try fixture.tree.read("file") == fixture.content)
    }

    @Test func liarsAloneLeaveNothing() throws {
        let fixture = try DownloadFixture()
        try fixture.tree.write("file", "what was there")
        let page = Array("<html><body>Please log in</body></html>".utf8)
        let liars = try [wrong, page, []].map { try ScriptedServer(ServedFile.script($0)) }
        #expect(throws: DownloadError.self) { try fixture.save(from: liars.map(\.url)) }
        #expect(fixture.reasons == [.lied, .lied, .lied])
        #expect(try fixture.names() == [RawName("file")])
        #expect(try fixture.tree.read("file") == Array("what was there".utf8))
    }

    @Test func whoSentTheEndIsNotBlamedForTheBeginning() throws {
        let fixture = try DownloadFixture()
        fixture.limits.tries = 1
        let liar = try ScriptedServer(ServedFile.script(wrong, .init(cut: 19)))
        let server = try fixture.server()
        try fixture.save(from: liar, server)
        #expect(fixture.reasons == [.cutOff(received: 19, of: 20)])
        #expect(server.requests.count == 2)
        #expect(try fixture.tree.read("file") == fixture.content)
    }

    @Test func liarAtTheEndIsFoundOutWhenAskedForTheWhole() throws {
        let fixture = try DownloadFixture()
        fixture.limits.tries = 1
        let first = try fixture.server(.init(cut: 5))
        let liar = try ScriptedServer(ServedFile.script(wrong))
        try fixture.save(from: first, liar, fixture.server())
        #expect(fixture.reasons == [.cutOff(received: 5, of: 20), .lied])
        #expect(try fixture.tree.read("file") == fixture.content)
    }

    @Test(arguments: [
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", PeerFailure.Reason.denied(status: 404)),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", .denied(status: 403)),
        ("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", .denied(status: 204)),
        ("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", .denied(status: 302)),
        ("HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n", .denied(status: 416)),
        ("HTTP/1.1 200 OK\r\n\r\ncontent of the file\n", .nonsense("does not say how long the file is")),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n14\r\ncontent of the file\n\r\n0\r\n\r\n",
            .nonsense("does not say how long the file is")
        ),
        (
            "HTTP/1.1 206 Part\r\nContent-Range: bytes 0-19/20\r\nContent-Length: 20\r\n\r\ncontent of the file\n",
            .nonsense("answers a range nobody asked for")
        ),
        (
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
            .nonsense("sends elsewhere than to https")
        ),
        (
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: file:///etc/passwd\r\n\r\n",
            .nonsense("sends elsewhere than to https")
        ),
        ("HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /again\r\n\r\n", .redirects),
    ])
    func answerThatIsOfNoUseIsPassedOver(answer: String, reason: PeerFailure.Reason) throws {
        let fixture = try DownloadFixture()
        let other = try ScriptedServer([.handshake, .readRequest, .send(answer), .repeatFromRequest])
        try fixture.save(from: other, fixture.server())
        #expect(fixture.reasons == [reason])
        #expect(try fixture.tree.read("file") == fixture.content)
        #expect(other.requests.count <= 9)
    }

    @Test func whoIsNotThereOrSpeaksNoTLSIsPassedOver() throws {
        let fixture = try DownloadFixture()
        let port = try ScriptedServer([]).port
        let mute = try ScriptedServer([.sendRaw(Array("HTTP/1.1 200 OK\r\n\r\n".utf8))])
        let cut = try ScriptedServer([.handshake, .readRequest])
        let server = try fixture.server()
        let others = ["https://127.0.0.1:\(port)/", mute.url, cut.url, "http://127.0.0.1:1/", "nonsense://"]
        try fixture.save(from: others + [server.url])
        #expect(fixture.failures.count == 5)
        #expect(try fixture.tree.read("file") == fixture.content)
    }

    @Test func whoeverStallsIsPassedOver() throws {
        let fixture = try DownloadFixture()
        fixture.limits.stall = 1
        fixture.limits.connecting = 200
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"
        let silent = try ScriptedServer([.hang])
        let mute = try ScriptedServer([.handshake, .readRequest, .hang])
        let half = try ScriptedServer([.handshake, .readRequest, .send(head + "content"), .hang])
        try fixture.save(from: silent, mute, half, fixture.server())
        #expect(fixture.reasons.count == 3)
        #expect(fixture.reasons.dropFirst() == [.stalled(seconds: 1), .stalled(seconds: 1)])
        // The bytes of one that stalled are of use.
        #expect(fixture.progress.map(\.received) == [7, 20])
    }

    /// A peer that sends a megabyte at 5 KB/s or less would hold it for minutes.
    @Test(.timeLimit(.minutes(10))) func slowPeerIsLeftForTheNextOneAndWhatItSentIsKept() throws {
        let text = String(repeating: "content of the file\n", count: 50_000)
        let fixture = try DownloadFixture(text)
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n"
        // 20 bytes in 4 ms and more: past what counts as a stall.
        let lines: [ScriptedServer.Step] = (0..<50_000).flatMap { _ in
            [.send("content of the file"), .sendSlowly("\n", 4)]
        }
        let slow = try ScriptedServer([.handshake, .readRequest, .send(head)] + lines)
        let server = try fixture.server()
        let downloaded = try fixture.save(from: slow, server)
        #expect(try fixture.tree.read("file") == fixture.content)
        #expect(downloaded.url == server.url)
        #expect(fixture.failures.map(\.url) == [slow.url])
        // From where it was.
        #expect(server.requests.count == 1)
        #expect(server.requests[0].contains("\r\nRange: bytes="))
    }

    @Test(.timeLimit(.minutes(10))) func fastestIsTakenWhereAllAreSlow() throws {
        let text = String(repeating: "content of the file\n", count: 1000)
        let fixture = try DownloadFixture(text)
        fixture.limits.patience = 300_000_000
        fixture.limits.expected = 1
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n"
        // 20 bytes in 4 ms, and one in 2 ms: some 5000 bytes a second, and 500.
        let lines: [ScriptedServer.Step] = (0..<1000).flatMap { _ in
            [.send("content of the file"), .sendSlowly("\n", 2)]
        }
        let faster = try ScriptedServer([.handshake, .readRequest, .send(head)] + lines)
        let slower = try ScriptedServer([.handshake, .readRequest, .send(head), .sendSlowly(text, 5)])
        let downloaded = try fixture.save(from: faster, slower)
        #expect(try fixture.tree.read("file") == fixture.content)
        #expect(downloaded.url == faster.url)
        #expect(fixture.failures.map(\.url) == [faster.url, slower.url])
    }

    @Test(.timeLimit(.minutes(10))) func onlyPeerThereIsMayBeSlow() throws {
        let text = String(repeating: "content of the file\n", count: 100)
        let fixture = try DownloadFixture(text)
        fixture.limits.patience = 200_000_000
        let head = "HTTP/1.1 200 OK\r\nContent-Length: \(text.utf8.count)\r\n\r\n"
        let slow = try ScriptedServer([.handshake, .readRequest, .send(head), .sendSlowly(text, 1)])
        try fixture.save(from: slow)
        #expect(try fixture.tree.read("file") == fixture.content)
        // Nor is it asked anew.
        #expect(slow.requests.count == 1)
        #expect(fixture.failures.isEmpty)
    }

    /// It could lead anywhere; only this machine's daemon sends to others.
    @Test(.enabled(if: OwnAddress.other != nil, "needs an address of the network"))
    func redirectOfAPeerIsNotFollowed() throws {
        let fixture = try DownloadFixture()
        let server = try fixture.server()
        let peer = try ScriptedServer(
            ServedFile.redirect(to: server.url), at: try #require(OwnAddress.other))
        let url = "https://\(try #require(OwnAddress.other)):\(peer.port)/file?sha256=x"
        #expect(throws: DownloadError.self) { try fixture.save(from: [url]) }
        #expect(fixture.reasons == [.denied(status: 302)])
        #expect(server.connectionCount == 0)
        // Nor where the daemon has sent us to it.
        let daemon = try ScriptedServer(ServedFile.redirect(to: url))
        #expect(throws: DownloadError.self) { try fixture.save(from: daemon) }
        #expect(fixture.reasons == [.redirects])
        #expect(server.connectionCount == 0)
    }

    @Test func headWithoutEndIsPassedOver() throws {
        let fixture = try DownloadFixture()
        let endless = try ScriptedServer([
            .handshake, .readRequest, .send("HTTP/1.1 200 OK\r\n"), .sendForever("X-More: x\r\n"),
        ])
        try fixture.save(from: endless, fixture.server())
        #expect(fixture.reasons == [.nonsense("the head of its answer is too long")])
    }

    @Test func bodyBeyondItsLengthIsNotTaken() throws {
        let fixture = try DownloadFixture()
        let more = try ScriptedServer([
            .handshake, .readRequest, .send("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"),
            .sendForever("content of the file\n"),
        ])
        try fixture.save(from: more)
        #expect(try fixture.tree.read("file") == fixture.content)
    }

    @Test func redirectIsFollowedAndWhoItLedToIsBlamed() throws {
        let fixture = try DownloadFixture()
        let liar = try ScriptedServer(ServedFile.script(wrong))
        func sending(to url: String) throws -> ScriptedServer {
            try ScriptedServer(ServedFile.redirect(to: url))
        }
        let first = try sending(to: liar.url)
        let server = try fixture.server()
        let downloaded = try fixture.save(from: first, sending(to: server.url))
        #expect(
            fixture.failures == [PeerFailure(url: first.url, effectiveURL: liar.url, reason: .lied)])
        #expect(downloaded.url == server.url)
        #expect(downloaded.contentType == "text/x-test")
    }

    @Test func nobodyIsAskedTwiceWhoDoesNotHaveIt() throws {
        let fixture = try DownloadFixture()
        let other = try ScriptedServer(answering("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
        #expect(throws: DownloadError.self) { try fixture.save(from: other, other, other) }
        #expect(other.requests.count == 1)
        #expect(throws: DownloadError.noPeers) { try fixture.save(from: []) }
        #expect(try fixture.names() == [])
    }

    @Test func othersAreAskedForWhenNobodyIsLeft() throws {
        let fixture = try DownloadFixture()
        fixture.limits.tries = 1
        let cut = try fixture.server(.init(cut: 5))
        let liar = try ScriptedServer(ServedFile.script(wrong))
        let server = try fixture.server()
        fixture.more = [[liar.url], [server.url], [cut.url]]
        try fixture.save(from: cut)
        #expect(fixture.reasons == [.cutOff(received: 5, of: 20), .lied])
        #expect(fixture.more == [[cut.url]])
        #expect(try fixture.tree.read("file") == fixture.content)
    }

    @Test func failureNamesThePlaceAndNotTheDigestAgain() {
        func text(_ url: String, _ effective: String) -> String {
            "\(PeerFailure(url: url, effectiveURL: effective, reason: .denied(status: 404)))"
        }
        #expect(
            text("https://a:1/n?sha256=0", "https://a:1/n?sha256=0")
                == "https://a:1/n: does not have the file (404)")
        #expect(
            text("https://a:1/n?x", "https://b:1/n?x")
                == "https://a:1/n, which sends to https://b:1/n: does not have the file (404)")
    }

    // MARK: The disk

    @Test func moreThanFitsIsNotBegun() throws {
        let fixture = try DownloadFixture()
        let boast = try ScriptedServer([
            .handshake, .readRequest, .send("HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n"),
            .sendForever("content of the file\n"),
        ])
        try fixture.save(from: boast, fixture.server())
        guard case .noRoom(needed: 9_000_000_000_000_000_000, _) = try #require(fixture.reasons.first) else {
            Issue.record("\(fixture.reasons)")
            return
        }
        #expect(try fixture.tree.read("file") == fixture.content)
    }

    #if DEBUG
    @Test(arguments: [SystemError.Code.noSpace, .quota])
    func fullDiskIsSaidAndNothingKept(code: SystemError.Code) throws {
        let fixture = try DownloadFixture()
        try fixture.tree.write("file", "what was there")
        let plan = FaultPlan([.write: [code]])
        let server = try fixture.server()
        FaultPlan.$current.withValue(plan) {
            #expect(throws: DownloadError.noSpace(SystemError(code: code, call: .write))) {
                try fixture.save(from: server, server)
            }
        }
        #expect(fixture.failures.isEmpty)
        #expect(try fixture.names() == [RawName("file")])
        #expect(try fixture.tree.read("file") == Array("what was there".utf8))
    }

    @Test(arguments: [SystemCall.write, .fsync, .renameat, .fchmod, .fstatvfs])
    func failureOfTheDiskIsNoPeersFault(call: SystemCall) throws {
        let fixture = try DownloadFixture()
        try fixture.tree.write("file", "what was there")
        let plan = FaultPlan([call: [.inputOutput]])
        let server = try fixture.server()
        FaultPlan.$current.withValue(plan) {
            #expect(throws: DownloadError.self) { try fixture.save(from: server, server) }
        }
        #expect(fixture.failures.isEmpty)
        #expect(try fixture.tree.read("file") == Array("what was there".utf8))
        try fixture.save(from: server)
        #expect(try fixture.names() == [RawName("file")])
    }
    #endif
}
