import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// What is no TLS, or ends where nobody expects it: each connection ends, and nothing of it stays.
@Suite struct RudeClientsTests {
    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
        "\u{16}\u{3}\u{1}\u{0}\u{4}abcd",
        "\u{15}\u{3}\u{3}\u{0}\u{2}\u{1}\u{0}", String(repeating: "x", count: 100_000),
    ])
    func whatIsNoHandshakeEndsTheConnection(bytes: String) async throws {
        try await withServer { test in
            let client = try test.rawClient()
            try? client.sendRaw(Array(bytes.utf8))
            _ = try client.receiveUntilClosedRaw()
            _ = client
            try expectNothingLeft(of: test)
        }
    }

    @Test func oldVersionOfTLSIsRefusedWithAnAlert() async throws {
        try await withServer { test in
            let client = try test.rawClient {
                $0.minimum = .tls10
                $0.maximum = .tls11
            }
            #expect {
                try client.handshake()
            } throws: { error in
                if case .tls = error as? TLSClient.Failure { true } else { false }
            }
        }
    }

    @Test(arguments: [TLSClient.Version.tls12, .tls13])
    func bothVersionsAreSpoken(version: TLSClient.Version) async throws {
        try await withServer { test in
            let digest = try test.add("a", [1, 2, 3])
            let client = try test.client {
                $0.minimum = version
                $0.maximum = version
            }
            #expect(client.tls.version == version)
            try client.get(digest)
            #expect(try client.answer().body == [1, 2, 3])
        }
    }

    @Test func sessionIsResumed() async throws {
        try await withServer { test in
            let digest = try test.add("a", [1, 2, 3])
            let first = try test.client()
            try first.get(digest)
            _ = try first.answer()
            let session = first.tls.session
            let second = try test.client { $0.session = session }
            #expect(second.tls.isResumed)
            try second.get(digest)
            #expect(try second.answer().body == [1, 2, 3])
        }
    }

    /// Where a client ends, by a reset or in order.
    enum Stage: CaseIterable {
        case connected, begunHandshake, shakenHands, inHead, behindRequest, inDownload, betweenRequests,
            garbage
    }

    @Test(arguments: Stage.allCases, [false, true])
    func clientThatEndsAnywhereLeavesNothing(stage: Stage, byReset: Bool) async throws {
        try await withServer { test in
            let large = try test.addSparse("large", size: 16 << 20)
            let small = try test.add("small", [1, 2, 3])
            for _ in 0..<20 { try leave(test, stage, byReset: byReset, large, small) }
            try expectNothingLeft(of: test)
            #expect(try test.fetch(small).body == [1, 2, 3])
        }
    }

    private func leave(
        _ test: TestServer, _ stage: Stage, byReset: Bool, _ large: Digest, _ small: Digest
    ) throws {
        let tls = try test.rawClient { $0.receiveBuffer = 8192 }
        if byReset { tls.resetWhenDone() }
        if stage == .connected { return }
        if stage == .begunHandshake { return try tls.beginHandshake() }
        try tls.handshake()
        let client = HTTPClient(tls)
        switch stage {
        case .connected, .begunHandshake, .shakenHands: break
        case .inHead: try tls.send("GET /a?sha2")
        case .behindRequest: try client.get(large)
        case .inDownload:
            try client.get(large)
            _ = try client.head()
            _ = try client.bytes(50_000)
        case .betweenRequests:
            try client.get(small)
            #expect(try client.answer().body == [1, 2, 3])
        case .garbage: try tls.sendRaw(Array("not a record at all".utf8))
        }
    }

    /// Closing with input that nobody read resets the connection, and what the kernel still had to send is gone.
    @Test(arguments: [TLSClient.Version.tls12, .tls13])
    func lastResponseComesWholeThoughMoreWasSentBehindItsRequest(version: TLSClient.Version) async throws {
        try await withServer { test in
            let size = 12 << 20
            let large = try test.addSparse("large", size: UInt64(size))
            let client = try test.client {
                $0.minimum = version
                $0.maximum = version
                $0.receiveBuffer = 4096
            }
            try client.get(large, "Connection: close\r\n")
            try client.tls.send(String(repeating: "more", count: 10_000))
            client.tls.endSending()
            #expect(try client.head().status == 200)
            let (bytes, orderly) = try client.rest()
            #expect(bytes.count == size)
            #expect(orderly)
            try expectNothingLeft(of: test)
        }
    }

    /// The largest record that pretends to be one, then noise: OpenSSL's business, but our buffers.
    @Test(arguments: 0..<4)
    func noiseInRecordsEndsTheConnection(seed: UInt64) async throws {
        try await withServer { test in
            var random = SeededGenerator(seed: seed)
            for _ in 0..<20 {
                let client = try test.client()
                let count = Int.random(in: 0..<20_000, using: &random)
                try? client.tls.sendRaw(
                    [23, 3, 3, UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)] + random.bytes(count + 10))
                _ = try client.tls.receiveUntilClosedRaw()
            }
            try expectNothingLeft(of: test)
        }
    }

    @Test func thousandsOfConnectionsLeaveNothing() async throws {
        try await withServer { test in
            let digest = try test.add("a", [1, 2, 3])
            for number in 0..<2000 {
                let client = try test.rawClient()
                switch number % 4 {
                case 0: client.resetWhenDone()
                case 1:
                    try client.handshake()
                    try client.send(HTTPClient.request(digest))
                    client.resetWhenDone()
                case 2: try client.sendRaw([22, 3, 1])
                default: break
                }
            }
            try expectNothingLeft(of: test)
            #expect(try test.fetch(digest).body == [1, 2, 3])
        }
    }

    private func expectNothingLeft(of test: TestServer) throws {
        #expect(eventually { test.server.connectionCount == 0 })
        #expect(eventually { test.openDescriptors == 0 })
    }
}
