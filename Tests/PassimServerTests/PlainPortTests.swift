import PassimCore
import PassimCrypto
import PassimHTTP
import PassimTestKit
import Testing

@testable import PassimServer

/// HTTP without TLS on a port of its own (`HTTPPort=`).
@Suite struct PlainPortTests {
    /// Sends requests and reads until the server ends the connection.
    private func ask(_ test: TestServer, _ text: String, pieces: Int = 1) throws -> String {
        let client = try client(of: test)
        let bytes = Array(text.utf8)
        let size = (bytes.count + pieces - 1) / pieces
        for start in stride(from: 0, to: bytes.count, by: size) {
            try client.sendRaw(Array(bytes[start..<min(bytes.count, start + size)]))
        }
        return String(decoding: try client.receiveUntilClosedRaw(), as: UTF8.self)
    }

    private func client(of test: TestServer) throws -> TLSClient {
        try TLSClient(
            connectingTo: "127.0.0.1", port: try #require(test.server.plainPort), TestServer.options { _ in })
    }

    private func get(_ target: String, _ fields: String = "Connection: close\r\n") -> String {
        "GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\n"
    }

    private func withPlainServer(
        cooldown: Int = 0, lookup: (any PeerLookup)? = nil,
        _ change: (inout ServerSettings) -> Void = { _ in },
        _ body: (TestServer) async throws -> Void
    ) async throws {
        try await withServer(cooldown: cooldown, lookup: lookup) { settings in
            settings.plainPort = 0
            change(&settings)
        } _: { test in
            try await body(test)
        }
    }

    @Test(arguments: [1, 3, 50])
    func requestsArePipelinedOverOneConnection(pieces: Int) async throws {
        try await withPlainServer { test in
            let digests = try (0..<5).map { try test.add("\($0)", Array("content \($0)".utf8)) }
            let requests = digests.map { get("/x?sha256=\($0.hex)", "") }.joined()
            let answer = try ask(test, requests + get("/x/by-hash/SHA256/\(digests[0].hex)"), pieces: pieces)
            let bodies = answer.split(separator: "\r\n\r\n", omittingEmptySubsequences: false)
            #expect(bodies.count == 7)
            for number in 0..<5 { #expect(bodies[number + 1].hasPrefix("content \(number)"), "\(number)") }
            #expect(bodies[6] == "content 0")
            #expect(test.server.counts.handshakes == 0)
            // Both ports serve the same.
            #expect(try test.fetch(digests[1]).text == "content 1")
        }
    }

    @Test func largeFileArrivesWhole() async throws {
        try await withPlainServer { test in
            var content = [UInt8](repeating: 0, count: 5_000_000)
            for index in content.indices { content[index] = UInt8(truncatingIfNeeded: index &* 31 >> 3) }
            let digest = try test.add("large", content)
            let client = try client(of: test)
            try client.sendRaw(Array(get("/x?sha256=\(digest.hex)").utf8))
            let bytes = try client.receiveUntilClosedRaw()
            #expect(Array(bytes.suffix(content.count)) == content)
            #expect(bytes.starts(with: "HTTP/1.1 200 OK\r\n".utf8))
        }
    }

    @Test func thereAreNoPagesAndNoLookups() async throws {
        let lookup = TestLookup()
        try await withPlainServer(lookup: lookup) { _ in
        } _: { test in
            let known = try test.add("known", [1])
            for path in ["/", "/style.css", "/favicon.ico", "/metrics", "/healthz", "/items/\(known.hex)"] {
                let answer = try ask(test, get(path))
                #expect(answer.hasPrefix("HTTP/1.1 404 "), "\(path): \(answer)")
            }
            #expect(try ask(test, get("/x")).hasPrefix("HTTP/1.1 400 "))
            let unknown = Digest(of: "nobody's")
            #expect(try ask(test, get("/x?sha256=\(unknown.hex)")).hasPrefix("HTTP/1.1 403 "))
            #expect(try ask(test, get("/by-hash/SHA256/\(unknown.hex)")).hasPrefix("HTTP/1.1 404 "))
            #expect(try ask(test, get("/x?sha256=\(known.hex)")).hasPrefix("HTTP/1.1 200 "))
            #expect(lookup.asked.isEmpty)
        }
    }

    /// A browser's page may ask from this machine: it is a client like any other.
    @Test func cooldownHoldsForThisMachine() async throws {
        try await withPlainServer(cooldown: 3600) { _ in
        } _: { test in
            let digest = try test.add("file", [1])
            #expect(try ask(test, get("/x?sha256=\(digest.hex)")).hasPrefix("HTTP/1.1 200 "))
            #expect(try ask(test, get("/x?sha256=\(digest.hex)")).hasPrefix("HTTP/1.1 403 "))
            #expect(try test.fetch(digest).status == 200)
        }
    }

    @Test func nonsenseIsRefused() async throws {
        try await withPlainServer { test in
            try test.add("file", [1])
            #expect(try ask(test, "\u{16}\u{3}\u{1}\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
            #expect(
                try ask(test, "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").hasPrefix(
                    "HTTP/1.1 405 "))
            #expect(
                try ask(test, "GET /x HTTP/1.1\r\nHost: a\r\n" + String(repeating: "x: y\r\n", count: 3000))
                    .hasPrefix("HTTP/1.1 431 "))
        }
    }

    @Test func clientsOfBothPortsAreCountedTogether() async throws {
        try await withPlainServer { settings in
            settings.maxConnections = 20
            settings.timeLimits.head = 5_000_000_000
        } _: { test in
            let digest = try test.add("file", [1])
            let silent = try (0..<40).map { _ in try client(of: test) }
            #expect(eventually { test.server.connectionCount <= 20 })
            // Those who say nothing make room.
            #expect(try test.fetch(digest).status == 200)
            #expect(eventually { test.server.connectionCount == 0 })
            _ = silent
        }
    }

    @Test func slowReaderIsEnded() async throws {
        try await withPlainServer { settings in
            settings.timeLimits.slowWindow = 8_000_000_000
            settings.timeLimits.slowBytes = 1 << 40
        } _: { test in
            let digest = try test.addSparse("large", size: 1 << 30)
            let client = try client(of: test)
            try client.sendRaw(Array(get("/x?sha256=\(digest.hex)").utf8))
            #expect(eventually { test.server.connectionCount == 1 })
            #expect(eventually { test.server.connectionCount == 0 })
        }
    }

    @Test func rateLimitHolds() async throws {
        try await withServer(maxRate: 1_000_000) {
            $0.plainPort = 0
        } _: { test in
            let content = [UInt8](repeating: 7, count: 1_500_000)
            let digest = try test.add("file", content)
            let start = ContinuousClock.now
            let answer = try ask(test, get("/x?sha256=\(digest.hex)"))
            #expect(answer.utf8.count > content.count)
            #expect(ContinuousClock.now - start > .seconds(0.4))
        }
    }
}
