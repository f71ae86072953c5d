import PassimCore
import PassimCrypto
import PassimHTTP
import PassimTestKit
import Testing

@testable import PassimServer

/// One request, one answer: the rows of the HTTPS table that this host can ask for, and what HTTP says of them.
@Suite struct ResponseTests {
    private let content = Array("0123456789".utf8)

    @Test func fileIsSentWithEverythingThatDescribesIt() async throws {
        try await withServer { test in
            let digest = try test.add("a name.txt", content)
            let answer = try test.fetch(digest)
            #expect(answer.status == 200)
            #expect(answer.body == content)
            #expect(answer.fields["content-length"] == "10")
            #expect(answer.fields["content-type"] == "text/plain")
            #expect(answer.fields["etag"] == "\"\(digest.hex)\"")
            #expect(answer.fields["accept-ranges"] == "bytes")
            #expect(answer.fields["cache-control"] == "public, immutable")
            #expect(answer.fields["repr-digest"]?.hasPrefix("sha-256=:") == true)
            #expect(
                answer.fields["content-disposition"]
                    == "attachment; filename=\"a%20name.txt\"; filename*=UTF-8''a%20name.txt")
            #expect(answer.fields["last-modified"]?.hasSuffix(" GMT") == true)
            #expect(answer.fields["date"]?.hasSuffix(" GMT") == true)
            #expect(answer.fields["content-encoding"] == nil)
            #expect(answer.fields["connection"] == nil)
        }
    }

    @Test func emptyFileIsSent() async throws {
        try await withServer { test in
            let digest = try test.add("empty", [])
            let client = try test.client()
            try client.get(digest)
            #expect(try client.answer().fields["content-length"] == "0")
            try client.get(digest, "Range: bytes=0-\r\n")
            #expect(try client.answer().status == 416)
            try client.get(digest, "Range: bytes=-5\r\n")
            #expect(try client.answer().status == 200)
        }
    }

    @Test func headHasTheFieldsAndNoBody() async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let unknown = Digest(of: "nobody's")
            let client = try test.client()
            try client.tls.send(HTTPClient.request(digest, method: "HEAD"))
            let head = try client.answer(isHead: true)
            #expect(head.status == 200)
            #expect(head.fields["content-length"] == "10")
            try client.tls.send(HTTPClient.request(digest, "Range: bytes=1-2\r\n", method: "HEAD"))
            #expect(try client.answer(isHead: true).status == 200)
            try client.tls.send(HTTPClient.request(unknown, method: "HEAD"))
            #expect(try client.answer(isHead: true).status == 404)
            try client.tls.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try client.answer(isHead: true).fields["content-length"] == "6")
            // Were there a body, it would be taken for this answer.
            try client.get(digest)
            #expect(try client.answer().body == content)
        }
    }

    @Test(
        arguments: [
            ("bytes=0-0", 206, "0", "bytes 0-0/10"),
            ("bytes=2-5", 206, "2345", "bytes 2-5/10"),
            ("bytes=7-", 206, "789", "bytes 7-9/10"),
            ("bytes=-3", 206, "789", "bytes 7-9/10"),
            ("bytes=0-99999999999999999999999", 206, "0123456789", "bytes 0-9/10"),
            ("bytes=10-", 416, nil, "bytes */10"),
            ("bytes=-0", 416, nil, "bytes */10"),
            ("bytes=0-1,3-4", 200, "0123456789", nil),
            ("lines=0-1", 200, "0123456789", nil),
            ("bytes=5-2", 200, "0123456789", nil),
            ("bytes=a-b", 200, "0123456789", nil),
        ] as [(String, Int, String?, String?)])
    func rangeIsSent(range: String, status: Int, body: String?, contentRange: String?) async throws {
        try await withServer { test in
            let answer = try test.fetch(try test.add("a", content), "Range: \(range)\r\n")
            #expect(answer.status == status)
            if let body { #expect(answer.text == body) }
            #expect(answer.fields["content-range"] == contentRange)
        }
    }

    @Test func rangeConditionsDecide() async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let client = try test.client()
            func status(_ fields: String) throws -> (Int, Int) {
                try client.get(digest, fields)
                let answer = try client.answer()
                return (answer.status, answer.body.count)
            }
            #expect(try status("Range: bytes=1-2\r\nIf-Range: \"\(digest.hex)\"\r\n") == (206, 2))
            #expect(try status("Range: bytes=1-2\r\nIf-Range: \"x\"\r\n") == (200, 10))
            #expect(try status("Range: bytes=1-2\r\nIf-Range: W/\"\(digest.hex)\"\r\n") == (200, 10))
            #expect(try status("If-None-Match: \"\(digest.hex)\"\r\n") == (304, 0))
            #expect(try status("If-None-Match: \"x\"\r\n") == (200, 10))
            #expect(try status("If-None-Match: *\r\n") == (304, 0))
            #expect(try status("If-None-Match: \"\(digest.hex)\"\r\nRange: bytes=0-1\r\n") == (304, 0))
            #expect(try status("") == (200, 10))
        }
    }

    @Test func notModifiedHasNoLength() async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let answer = try test.fetch(digest, "If-None-Match: \"\(digest.hex)\"\r\n")
            #expect(answer.status == 304)
            #expect(answer.fields["content-length"] == nil)
            #expect(answer.fields["etag"] == "\"\(digest.hex)\"")
        }
    }

    @Test(arguments: [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
        ("GET /?sha256=x HTTP/1.1\r\nHost: 127.0.0.1:27500\r\n\r\n", 200),
        ("GET /favicon.ico HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
        ("GET /style.css HTTP/1.1\r\nHost: [::1]\r\n\r\n", 200),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        ("GET /style.css HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403),
        ("GET https://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 403),
        ("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a? HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a?x=y HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a?localhost=maybe HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a?sha256=1&sha256=1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("GET /a?sha256=1 HTTP/1.1\r\nHost: a\r\n\r\n", 406),
        ("GET /a?sha256= HTTP/1.1\r\nHost: a\r\n\r\n", 406),
    ])
    func firstRowThatMatchesAnswers(request: String, status: Int) async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let client = try test.client()
            try client.tls.send(request)
            #expect(try client.answer().status == status)
            // None of them ends the connection.
            try client.get(digest)
            #expect(try client.answer().body == content)
        }
    }

    @Test func pathAndCaseOfTheDigestDoNotMatter() async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let client = try test.client()
            for target in [
                "/?x=y&sha256=\(digest.hex)", "/%00%zz/../x?sha256=\(digest.hex.uppercased())",
                "/a?sha256=\(digest.hex)&localhost=true&c", "/a?localhost=true&sha256=\(digest.hex)",
            ] {
                try client.tls.send("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                // The first is row 2: the page, whatever the query.
                let page = Array("index x=y&sha256=\(digest.hex)".utf8)
                #expect(try client.answer().body == (target.hasPrefix("/?") ? page : content))
            }
            try client.tls.send(
                "GET /a?sha256=\(digest.hex)&localhost=false HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try client.answer().status == 404)
        }
    }

    @Test func pathsOfMonitoringAndItemsAreFilesWithADigest() async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let client = try test.client()
            for (path, page) in [
                ("/metrics", "metrics "), ("/healthz?verbose", "health verbose"), ("/items/", "item([]) "),
                ("/readyz", "readiness "), ("/healthz?ready", "readiness ready"),
                ("/items/ab?x=y", "item([97, 98]) x=y"), ("/style.css?\(digest.hex)", "style"),
            ] {
                try client.tls.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                let answer = try client.answer()
                #expect(answer.status == 200 && answer.text == page, "\(path)")
            }
            for path in ["/metrics", "/healthz", "/readyz", "/items/", "/items/a"] {
                try client.tls.send("GET \(path)?sha256=\(digest.hex) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try client.answer().body == content, "\(path)")
            }
            // Not these paths: rows 3 and 5.
            for path in ["/metric", "/metrics/", "/items", "/items?x=y"] {
                try client.tls.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try client.answer().status == 400, "\(path)")
            }
        }
    }

    @Test func whatIsDoneIsCounted() async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let client = try test.client()
            for _ in 0..<3 {
                try client.get(digest)
                _ = try client.answer()
            }
            try client.get(Digest(of: "nobody's"))
            #expect(try client.answer().status == 404)
            #expect(await becomesTrue { test.server.counts.shares == 3 })
            let counts = test.server.counts
            #expect(counts.responses == [.ok: 3, .notFound: 1])
            #expect(counts.sharedBytes == UInt64(3 * content.count))
            #expect(counts.bytesSent > counts.sharedBytes)
            #expect(counts.connections == 1 && counts.handshakes == 1 && counts.failedHandshakes == 0)
            #expect(counts.lookupsNobody == 1 && counts.lookupsFound == 0 && counts.cutOff == 0)
            #expect(counts.firstBytes[.file]?.count == 3)
            #expect(counts.firstBytes[.lookup]?.count == 1)
            #expect(counts.firstBytes[.page]?.count == 0)
        }
    }

    @Test func disabledFileIsLocked() async throws {
        try await withServer { test in
            let digest = try test.add("a", content, flags: [.disabled, .nextReboot])
            #expect(try test.fetch(digest).status == 423)
        }
    }

    @Test func errorPageEscapesNothingOfTheRequestIntoIt() async throws {
        try await withServer { test in
            let client = try test.client()
            try client.tls.send("GET /<script>?sha256=<script> HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 406)
            #expect(answer.fields["content-type"] == "text/html; charset=utf-8")
            #expect(!answer.text.contains("<script>"))
        }
    }

    // MARK: Connections

    @Test func connectionEndsWhereTheClientWantsIt() async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let client = try test.client()
            try client.tls.send(
                HTTPClient.request(digest, "Connection: close\r\n") + HTTPClient.request(digest))
            let answer = try client.answer()
            #expect(answer.fields["connection"] == "close")
            #expect(answer.body == content)
            // The second is not answered.
            #expect(try client.isEnded())
        }
    }

    @Test func oldClientGetsOneAnswerUnlessItAsksForMore() async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let client = try test.client()
            let asking = HTTPClient.request(digest, "Connection: Keep-Alive\r\n", version: "1.0")
            for _ in 0..<2 {
                try client.tls.send(asking)
                let answer = try client.answer()
                #expect(answer.fields["connection"] == "keep-alive")
                #expect(answer.body == content)
            }
            try client.tls.send(HTTPClient.request(digest, version: "1.0"))
            let last = try client.answer()
            #expect(last.fields["connection"] == "close")
            #expect(last.body == content)
            #expect(try client.isEnded())
        }
    }

    @Test func oldClientNeedsNoHost() async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let client = try test.client()
            try client.tls.send("GET /a?sha256=\(digest.hex) HTTP/1.0\r\n\r\n")
            #expect(try client.answer().body == content)
            #expect(try client.isEnded())
        }
    }

    /// close_notify of the client ends its side only.
    @Test func clientThatEndsItsSideGetsItsAnswers() async throws {
        try await withServer { test in
            let size = 8 << 20
            let digest = try test.addSparse("large", size: UInt64(size))
            let client = try test.client { $0.receiveBuffer = 16384 }
            try client.tls.send(
                HTTPClient.request(digest) + HTTPClient.request(digest, "Connection: close\r\n"))
            client.tls.close()
            // More than the sockets hold: the server is done long before the client is.
            for _ in 0..<2 { #expect(try client.answer().body.count == size) }
            #expect(try client.isEnded())
        }
    }

    /// Closing with unread input would reset the connection and lose what the kernel still has to send.
    @Test func whatFollowsTheLastRequestDoesNotSpoilItsAnswer() async throws {
        try await withServer { test in
            let size = 3 << 20
            let digest = try test.addSparse("large", size: UInt64(size))
            for _ in 0..<5 {
                let client = try test.client { $0.receiveBuffer = 16384 }
                try client.get(digest, "Connection: close\r\n")
                let head = try client.head()
                #expect(head.status == 200)
                try client.tls.send([UInt8](repeating: 65, count: 100_000))
                #expect(try client.bytes(size).count == size)
                #expect(try client.isEnded())
            }
        }
    }

    // MARK: What is refused

    @Test(arguments: [
        ("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n", 405),
        ("POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 405),
        ("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n", 413),
        ("GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 413),
        ("PUT /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n", 405),
    ])
    func bodyIsRefusedAndTheAnswerCanBeRead(head: String, status: Int) async throws {
        try await withServer { test in
            let client = try test.client()
            try client.tls.send(Array(head.utf8) + [UInt8](repeating: 65, count: 200_000))
            let answer = try client.answer()
            #expect(answer.status == status)
            #expect(answer.fields["connection"] == "close")
            if status == 405 { #expect(answer.fields["allow"] == "GET, HEAD") }
            #expect(try client.isEnded())
        }
    }

    @Test func otherMethodWithoutBodyKeepsTheConnection() async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let client = try test.client()
            for request in [
                "OPTIONS * HTTP/1.1", "DELETE /a HTTP/1.1", "POST /a HTTP/1.1\r\nContent-Length: 0",
            ] {
                try client.tls.send("\(request)\r\nHost: a\r\n\r\n")
                #expect(try client.answer().status == 405, "\(request)")
            }
            try client.get(digest, "Expect: 100-continue\r\n")
            #expect(try client.answer().body == content)
        }
    }

    @Test(arguments: [
        ("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET /a HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", 400),
        ("GET /a HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
        ("GET /a HTTP/1.1\nHost: a\n\n", 400),
        ("GET /a HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", 400),
        ("GET /a HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        ("GET /a HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
        ("GET /a HTTP/1.1\r\n\r\n", 400),
        ("GET /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("GET /a HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("GET /a HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n", 417),
        ("GET /\(String(repeating: "a", count: 9000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        ("GET /a HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 17000))\r\n\r\n", 431),
        ("\u{16}\u{3}\u{1}", 400),
    ])
    func malformedHeadIsRefusedAndNothingBehindItAnswered(head: String, status: Int) async throws {
        try await withServer { test in
            let digest = try test.add("a", content)
            let client = try test.client()
            try client.tls.send(head + HTTPClient.request(digest))
            let answer = try client.answer()
            #expect(answer.status == status)
            #expect(answer.fields["connection"] == "close")
            #expect(try client.isEnded())
        }
    }
}
