import PassimCore
import PassimCrypto
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

@Suite(.enabled(if: OwnAddress.other != nil)) struct OtherAddressTests {
    private func withPeer(
        cooldown: Int = 0, _ change: (inout ServerSettings) -> Void = { _ in },
        _ body: (TestServer, () throws -> HTTPClient) async throws -> Void
    ) async throws {
        try await withServer(
            cooldown: cooldown,
            { settings in
                settings.places = [.every(v6: false)]
                change(&settings)
            }
        ) { test in
            try await body(test) {
                HTTPClient(
                    try TLSClient.connected(
                        to: "\(OwnAddress.other!)", port: test.port,
                        TestServer.options { $0.receiveBuffer = 16384 }))
            }
        }
    }

    @Test func peerGetsFilesAndNoPages() async throws {
        try await withPeer { test, connect in
            let digest = try test.add("a", [1, 2, 3])
            let client = try connect()
            try client.get(digest)
            #expect(try client.answer().body == [1, 2, 3])
            for path in ["/", "/style.css", "/favicon.ico", "/?sha256=\(digest.hex)"] {
                try client.tls.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try client.answer().status == 403, "\(path)")
            }
            try client.get(Digest(of: "nobody's"))
            #expect(try client.answer().status == 403)
            try client.tls.send("GET /a?localhost=false&sha256=\(digest.hex) HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer().status == 403)
        }
    }

    @Test func monitoringIsForThoseThatAreAllowed() async throws {
        try await withPeer { test, connect in
            let client = try connect()
            for path in ["/metrics", "/healthz", "/readyz", "/items/"] {
                try client.tls.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try client.answer().status == 403, "\(path)")
            }
        }
        let network = try #require(Network("\(OwnAddress.other!)/24"))
        try await withPeer({ $0.metricsAllow = [network] }) { test, connect in
            let client = try connect()
            for (path, status) in [
                ("/metrics", 200), ("/healthz", 200), ("/readyz", 200), ("/items/", 403), ("/", 403),
            ] {
                // The name that a monitor was given for this host.
                try client.tls.send("GET \(path) HTTP/1.1\r\nHost: mirror.example\r\n\r\n")
                #expect(try client.answer().status == status, "\(path)")
            }
        }
    }

    /// A page of the web that has its name resolve to this machine says that name.
    @Test func pagesAreForThoseThatAreAllowedUnderOurNamesAndAddress() async throws {
        let own = "\(OwnAddress.other!)"
        let network = try #require(Network("\(own)/24"))
        let prepare: (inout ServerSettings) -> Void = { settings in
            settings.pageAllow = [network]
            settings.hostNames = ["MyBox"]
        }
        try await withPeer(prepare) { test, connect in
            let client = try connect()
            for path in ["/", "/style.css", "/favicon.ico", "/items/\(Digest(of: "x").hex)", "/?q=x"] {
                for (host, status) in [
                    (own, 200), ("\(own):27500", 200), ("mybox:1", 200), ("evil.example", 403),
                    ("10.9.8.7", 403),
                ] {
                    try client.tls.send("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    #expect(try client.answer().status == status, "\(path) at \(host)")
                }
            }
            // Monitoring has a key of its own.
            for path in ["/metrics", "/healthz", "/readyz"] {
                try client.tls.send("GET \(path) HTTP/1.1\r\nHost: \(own)\r\n\r\n")
                #expect(try client.answer().status == 403, "\(path)")
            }
        }
        let other = try #require(Network("203.0.113.0/24"))
        try await withPeer({ $0.pageAllow = [other] }) { test, connect in
            let client = try connect()
            try client.tls.send("GET / HTTP/1.1\r\nHost: \(own)\r\n\r\n")
            #expect(try client.answer().status == 403)
        }
    }

    @Test func refusalOfAPageSaysHowToGetToIt() async throws {
        let own = "\(OwnAddress.other!)"
        try await withPeer { test, connect in
            let client = try connect()
            for (path, key) in [("/", "PageAllow"), ("/items/x", "PageAllow"), ("/metrics", "MetricsAllow")] {
                try client.tls.send("GET \(path) HTTP/1.1\r\nHost: \(own)\r\n\r\n")
                let answer = try client.answer()
                let text = String(decoding: answer.body, as: UTF8.self)
                #expect(answer.status == 403)
                #expect(text.contains("\(key)=\(own) into [daemon]"), "\(text)")
                #expect(text.contains("ssh -L \(test.port):localhost:\(test.port) \(own),"), "\(text)")
            }
        }
    }

    @Test func sameFileIsNotSentAgainWithinTheCooldown() async throws {
        try await withPeer(cooldown: 3600) { test, connect in
            let digest = try test.add("a", [1, 2, 3])
            let other = try test.add("b", [4])
            let client = try connect()
            // These are nothing of it, however often.
            for fields in ["If-None-Match: *\r\n", "Range: bytes=9-\r\n"] {
                for _ in 0..<5 {
                    try client.get(digest, fields)
                    #expect(try client.answer().status != 403, "\(fields)")
                }
            }
            try client.tls.send(HTTPClient.request(digest, method: "HEAD"))
            #expect(try client.answer(isHead: true).status == 200)
            // And these are two thirds of it, whichever bytes they are.
            for _ in 0..<2 {
                try client.get(digest, "Range: bytes=0-0\r\n")
                #expect(try client.answer().body == [1])
            }
            try client.get(digest, "Range: bytes=1-1\r\n")
            #expect(try client.answer().body == [2])
            for connection in [client, try connect()] {
                try connection.get(digest)
                #expect(try connection.answer().status == 403)
            }
            try client.get(other)
            #expect(try client.answer().body == [4])
            // This host's own clients never wait.
            #expect(try test.fetch(digest).status == 200)
        }
    }

    @Test func downloadThatWasCutOffDoesNotStartTheCooldown() async throws {
        try await withPeer(cooldown: 3600) { test, connect in
            let size = 16 << 20
            let digest = try test.addSparse("a", size: UInt64(size))
            var client: HTTPClient? = try connect()
            try client!.get(digest)
            #expect(try client!.head().status == 200)
            client!.tls.resetWhenDone()
            client = nil
            #expect(await becomesTrue { test.shares.cutOff.count == 1 })
            let second = try connect()
            try second.get(digest)
            #expect(try second.head().status == 200)
            _ = try second.bytes(size)
            try second.get(digest)
            #expect(try second.answer().status == 403)
        }
    }

    /// As aria2 does it: each connection asks for everything from its place on, and leaves where the next one began.
    @Test func downloadInPartsIsNotRefusedInItsMidst() async throws {
        try await withPeer(cooldown: 3600) { test, connect in
            let size = 1 << 20
            let digest = try test.addSparse("a", size: UInt64(size))
            let first = try connect()
            try first.get(digest)
            #expect(try first.answer().status == 200)
            for part in 1..<8 {
                let client = try connect()
                try client.get(digest, "Range: bytes=\(part * size / 8)-\r\n")
                #expect(try client.answer().status == 206, "part \(part)")
            }
            // A file's worth has been had, so that no other download begins.
            try first.get(digest)
            #expect(try first.answer().status == 403)
            // Nor do parts go on without end.
            var parts = 0
            repeat {
                try first.get(digest, "Range: bytes=1-\r\n")
                parts += 1
            } while try first.answer().status == 206 && parts < 50
            #expect(parts < 16)
        }
    }

    @Test(arguments: [(3600, 1), (1, 3600)])
    func smallestCooldownOfAllOriginsCounts(one: Int, other: Int) async throws {
        try await withPeer(cooldown: 3600) { test, connect in
            let digest = try test.add("a", [1, 2, 3])
            try test.tree.write("other/b", [1, 2, 3])
            test.origins.replace([
                ServedOrigin(id: TestServer.origin, path: test.tree.path, cooldown: one, maxRate: 0),
                ServedOrigin(
                    id: TestServer.otherOrigin, path: test.tree.absolute("other"), cooldown: other, maxRate: 0
                ),
            ])
            let directory = test.index.directory(origin: TestServer.otherOrigin, path: .empty)
            let file = try Descriptor.open(test.tree.absolute("other/b"), .readOnly)
            test.index.apply([
                .insert(
                    directory: directory, name: RawName(bytes: Array("b".utf8)), digest: digest,
                    identity: try file.status().identity, flags: [])
            ])
            let client = try connect()
            try client.get(digest)
            #expect(try client.answer().status == 200)
            // Whichever of the files was sent.
            let isOver = try eventually {
                try client.get(digest)
                return try client.answer().status == 200
            }
            #expect(isOver)
        }
    }

    @Test func addressHasNoMoreConnectionsThanItsLimit() async throws {
        try await withPeer({ $0.maxConnectionsPerAddress = 3 }) { test, connect in
            var clients = try (0..<3).map { _ in try connect() }
            #expect(throws: TLSClient.Failure.self) { try connect() }
            // Loopback is exempt.
            let local = try (0..<5).map { _ in try test.client() }
            #expect(local.count == 5)
            clients.removeAll()
            let again = eventually { (try? connect()) != nil }
            #expect(again)
        }
    }
}
