import PassimCore
import PassimTestKit
import Testing

/// The rows of passim-protocol(7), HTTPS, as the machine itself sees them, over real TLS.
///
/// Row 8 (disabled) needs a published item, and row 11's 302 a peer: neither exists yet.
struct HTTPTableTests {
    let site: DaemonSite
    let daemon: DaemonProcess
    let content = "content of the file\n"
    let digest: Digest

    init() throws {
        site = try DaemonSite()
        try site.put("sub/file.txt", content)
        digest = Digest(of: content)
        try site.share()
        daemon = try site.start()
        #expect(try daemon.firstPass().served == 1)
    }

    private var unknown: String { String(repeating: "0", count: 64) }

    // MARK: Row 1

    @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW", "get"])
    func otherMethodsAreNotAllowed(method: String) throws {
        for target in ["/", "/x", "/x?sha256=\(digest.hex)"] {
            let response = try daemon.request(method, target)
            #expect(response.status == 405, "\(target)")
            let allowed = response["Allow"]?.split(separator: ",").map { $0.drop { $0 == " " } }
            #expect(allowed == ["GET", "HEAD"])
        }
    }

    // MARK: Row 2

    @Test(arguments: ["", "?", "?x", "?sha256=1", "?sha256=&sha256=", "?localhost=maybe"])
    func ownPagesAreThereWhateverTheQuery(query: String) throws {
        let connection = try daemon.connect()
        for path in ["/", "/favicon.ico", "/style.css"] {
            let response = try connection.request("GET", path + query)
            #expect(response.status == 200, "\(path)\(query)")
            #expect(!response.body.isEmpty)
        }
    }

    @Test func pageListsTheDirectory() throws {
        let page = try daemon.get("/")
        #expect(page["Content-Type"]?.hasPrefix("text/html") == true)
        #expect(page.text.contains(site.tree.absolute("mirror")))
        #expect(page.text.contains(digest.hex))
    }

    @Test(arguments: [
        ("localhost", 200), ("LOCALHOST", 200), ("localhost:27500", 200), ("127.0.0.1", 200),
        ("127.1.2.3:1", 200),
        ("[::1]", 200), ("[::1]:27500", 200), ("evil.example", 403), ("localhost.evil.example", 403),
        ("10.0.0.1", 403), ("[fd77::1]", 403), ("1.127.0.0", 403),
    ])
    func pagesAreForNamesOfThisHostOnly(host: String, status: Int) throws {
        for path in ["/", "/favicon.ico", "/style.css"] {
            #expect(try daemon.request("GET", path, host: host).status == status, "\(path)")
        }
        // Peers ask by address: that is not about files.
        #expect(try daemon.request("GET", "/x?sha256=\(digest.hex)", host: host).status == 200)
    }

    // MARK: Rows 3 to 6

    @Test(arguments: ["/x", "/x?", "/sub/file.txt", "/index.html", "//", "/%2e%2e/etc/passwd"])
    func requestWithoutAQueryIsBad(target: String) throws {
        #expect(try daemon.get(target).status == 400)
    }

    @Test(arguments: [
        "sha256=D&sha256=D", "sha256=D&sha256=0", "sha256=0&sha256=1", "sha256=D&localhost=yes",
        "sha256=D&localhost=", "sha256=D&localhost=True", "localhost=1", "sha256=0&localhost=1",
    ])
    func ambiguousQueryIsBad(query: String) throws {
        let target = "/x?" + query.replacing("D", with: digest.hex)
        #expect(try daemon.get(target).status == 400)
    }

    @Test(arguments: [
        "sha256", "localhost=true", "x=y", "SHA256=D", "sha256=D=", "sha256=D=x", "sha%32256=D", "&&",
    ])
    func queryWithoutADigestIsBad(query: String) throws {
        #expect(try daemon.get("/x?" + query.replacing("D", with: digest.hex)).status == 400)
    }

    @Test func digestOfAnotherFormIsNotAcceptable() throws {
        let hex = digest.hex
        let connection = try daemon.connect()
        for wrong in [
            "", "0", String(hex.dropLast()), hex + "0", "g" + hex.dropFirst(), "%61" + hex.dropFirst(3),
        ] {
            #expect(try connection.request("GET", "/x?sha256=\(wrong)").status == 406, "\(wrong)")
        }
    }

    // MARK: Row 9

    @Test func knownDigestIsSentWhateverElseTheURLSays() throws {
        let connection = try daemon.connect()
        for target in [
            "/file.txt?sha256=D", "/other?sha256=D", "/a/b/c?sha256=D", "/x?sha256=D&localhost=true",
            "/x?localhost=true&sha256=D", "/x?sha256&sha256=D", "/x?a=b=c&sha256=D&&", "/items/x?sha256=D",
            "/metrics?sha256=D", "/%00?sha256=D",
        ] {
            let response = try connection.request("GET", target.replacing("D", with: digest.hex))
            #expect(response.status == 200, "\(target)")
            #expect(response.text == content)
        }
        let upper = digest.hex.uppercased()
        #expect(try connection.request("GET", "/x?sha256=\(upper)").text == content)
    }

    @Test func sentFileIsDescribed() throws {
        let time = Timestamp(seconds: 1_234_567_890, nanoseconds: 5)
        try site.put("old.html", "<p>")
        try site.tree.setModified("mirror/old.html", time)
        try daemon.process.terminate()
        let again = try site.start()
        try again.firstPass()
        let digest = Digest(of: "<p>")
        let response = try again.fetch(digest)
        #expect(response["Content-Length"] == "3")
        #expect(response["Content-Type"] == "text/html")
        #expect(response["Content-Disposition"] == "attachment; filename=\"old.html\"")
        #expect(response["ETag"] == "\"\(digest.hex)\"")
        #expect(response["Accept-Ranges"] == "bytes")
        #expect(response["Last-Modified"] == "Fri, 13 Feb 2009 23:31:30 GMT")
        #expect(response["Repr-Digest"] == "sha-256=:\(base64(digest.bytes)):")
        #expect(response["Cache-Control"] == "public, immutable")
        #expect(response.values(of: "Content-Encoding").isEmpty)
        #expect(response.values(of: "Transfer-Encoding").isEmpty)
        #expect(response.values(of: "Date").count == 1)
    }

    private func base64(_ bytes: [UInt8]) -> String {
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
        while bits.count % 6 != 0 { bits.append(0) }
        let text = stride(from: 0, to: bits.count, by: 6).map { start in
            letters[bits[start..<start + 6].reduce(0) { $0 * 2 + Int($1) }]
        }
        return String(text) + String(repeating: "=", count: (3 - bytes.count % 3) % 3)
    }

    @Test func headIsGetWithoutTheBody() throws {
        let connection = try daemon.connect()
        let get = try connection.request("GET", "/x?sha256=\(digest.hex)")
        let head = try connection.request("HEAD", "/x?sha256=\(digest.hex)")
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        let differing = ["Date"]
        #expect(
            head.headers.filter { !differing.contains($0.name) }.map { "\($0)" }
                == get.headers.filter { !differing.contains($0.name) }.map { "\($0)" })
        for (target, status) in [
            ("/", 200), ("/x", 400), ("/x?sha256=0", 406), ("/x?sha256=\(unknown)", 404),
        ] {
            let response = try connection.request("HEAD", target)
            #expect(response.status == status)
            #expect(response.body.isEmpty)
        }
        // Nothing of a body is left over.
        #expect(try connection.request("GET", "/x?sha256=\(digest.hex)").text == content)
    }

    @Test func clientThatHasItIsToldSo() throws {
        let connection = try daemon.connect()
        let tag = "\"\(digest.hex)\""
        for (value, status) in [
            (tag, 304), ("W/\(tag)", 304), ("*", 304), ("\"other\", \(tag)", 304), ("\"other\"", 200),
            (digest.hex, 200),
        ] {
            let response = try connection.request(
                "GET", "/x?sha256=\(digest.hex)", ["If-None-Match: \(value)"])
            #expect(response.status == status, "\(value)")
            #expect(response["ETag"] == tag)
            #expect(response.body.isEmpty == (status == 304))
        }
        let unknown = try connection.request("GET", "/x?sha256=\(unknown)", ["If-None-Match: *"])
        #expect(unknown.status == 404)
    }

    // MARK: Row 11

    @Test func unknownDigestIsNotFoundInTime() throws {
        let clock = ContinuousClock()
        for target in [
            "/x?sha256=\(unknown)", "/x?sha256=\(unknown)&localhost=true",
            "/x?sha256=\(unknown)&localhost=false",
            "/x?sha256=\(digest.hex)&localhost=false",
        ] {
            var response: HTTPResponse?
            let time = try clock.measure { response = try daemon.get(target) }
            #expect(response?.status == 404, "\(target)")
            #expect(time < .seconds(2), "\(target)")
        }
    }

    // MARK: All errors

    @Test func errorPagesAreShortAndEscapeWhatTheyShow() throws {
        for target in [
            "/<script>", "/<script>?x=<script>", "/x?sha256=<script>", "/<script>?sha256=\(unknown)",
            "/x?sha256=\(unknown)&localhost=<script>",
        ] {
            let response = try daemon.request("GET", target, host: "<script>")
            #expect((400..<500).contains(response.status))
            #expect(!response.text.contains("<script>"))
            #expect(response.body.count < 2048)
            if response.status != 400 || !response.body.isEmpty {
                #expect(response["Content-Type"]?.hasPrefix("text/html") == true)
            }
        }
    }
}
