import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimCrypto

/// Against `openssl s_server`, with an identity that ServerIdentity made.
struct TLSClientTests {
    let tree: TemporaryTree
    let server: ChildProcess
    let port: UInt16

    init() throws {
        try self.init(options: "-www")
    }

    private init(options: String) throws {
        tree = try TemporaryTree()
        let location = ServerIdentity.Location(
            keyPath: tree.absolute("secret.key"), certificatePath: tree.absolute("cert.pem"))
        _ = try ServerIdentity.load(from: location, hostName: "host", now: wallClock())
        server = try ChildProcess([
            "sh", "-c",
            "exec openssl s_server -accept 127.0.0.1:0 -key \(location.keyPath) -cert \(location.certificatePath) "
                + options + " >&2",
        ])
        let line = try server.waitForLine(containing: "ACCEPT").line
        port = try #require(line.split(separator: ":").last.flatMap { UInt16($0) }, "\(line)")
    }

    private func options(_ change: (inout TLSClient.Options) -> Void) -> TLSClient.Options {
        var options = TLSClient.Options()
        change(&options)
        return options
    }

    @Test(arguments: [TLSClient.Version.tls12, .tls13])
    func requestIsAnsweredInTheVersionAskedFor(version: TLSClient.Version) throws {
        let client = try TLSClient.connected(
            port: port,
            options {
                $0.minimum = version
                $0.maximum = version
            })
        #expect(client.version == version)
        #expect(client.cipher.hasPrefix(version == .tls13 ? "TLS_AES" : "ECDHE-ECDSA"))
        #expect(!client.isResumed)
        try client.send("GET / HTTP/1.0\r\n\r\n")
        let answer = try client.receiveUntilClosed()
        #expect(String(decoding: answer.bytes, as: UTF8.self).hasPrefix("HTTP/1.0 200 ok\r\n"))
    }

    @Test func certificateOfTheServerIsShown() throws {
        let client = try TLSClient.connected(port: port)
        #expect(client.peerCertificates == (try tree.read("cert.pem")))
    }

    @Test(arguments: [TLSClient.Version.tls12, .tls13])
    func sessionIsResumedOnRequest(version: TLSClient.Version) throws {
        // s_server serves one client after another: each must be gone before the next.
        func connect(
            _ session: TLSClientSession?
        ) throws -> (isResumed: Bool, session: TLSClientSession?) {
            let client = try TLSClient.connected(
                port: port,
                options {
                    $0.minimum = version
                    $0.maximum = version
                    $0.session = session
                })
            try client.send("GET / HTTP/1.0\r\n\r\n")
            // Not to the end: s_server cuts the connection, which spoils the session.
            _ = try client.receive()
            return (client.isResumed, client.session)
        }
        let first = try connect(nil)
        #expect(!first.isResumed)
        let session = try #require(first.session)
        #expect(session.isResumable)
        #expect(try connect(session).isResumed)
        #expect(try !connect(nil).isResumed)
    }

    @Test func versionTheServerRefusesIsATLSFailure() throws {
        let options = options {
            $0.minimum = .tls10
            $0.maximum = .tls11
        }
        #expect {
            try TLSClient.connected(port: port, options)
        } throws: { error in
            if case .tls = error as? TLSClient.Failure { true } else { false }
        }
    }

    @Test func handshakeCanBeBegunAndLeft() throws {
        let client = try TLSClient(connectingTo: "127.0.0.1", port: port)
        try client.beginHandshake()
        // The server's part: a handshake record.
        #expect(try client.receiveRaw().first == 22)
        client.resetWhenDone()
    }

    @Test func rawBytesGoOutAsTheyAre() throws {
        let client = try TLSClient(connectingTo: "127.0.0.1", port: port)
        try client.sendRaw(Array("GET / HTTP/1.0\r\n\r\n".utf8))
        #expect(try client.receiveRaw().isEmpty)
        try server.waitForLine(containing: "http request")
    }

    @Test func silenceIsATimeOut() throws {
        let client = try TLSClient.connected(port: port)
        #expect(throws: TLSClient.Failure.timedOut(doing: "receiving")) { try client.receive(seconds: 0.05) }
    }

    @Test func closedPortIsRefused() throws {
        try server.terminate()
        #expect(throws: TLSClient.Failure.refused) { try TLSClient.connected(port: port) }
    }

    @Test func killedServerIsNoOrderlyEnd() throws {
        let client = try TLSClient.connected(port: port)
        server.kill(9)
        let end = try client.receiveUntilClosed()
        #expect(!end.orderly)
        _ = try server.wait()
        // No signal ends the test.
        #expect(throws: TLSClient.Failure.self) {
            for _ in 0..<10 { try client.send([UInt8](repeating: 0, count: 100_000)) }
        }
    }

    @Test func addressThatIsNoneIsAnError() throws {
        #expect(throws: TLSClient.Failure.self) { try TLSClient.connected(to: "localhost", port: port) }
    }
}
