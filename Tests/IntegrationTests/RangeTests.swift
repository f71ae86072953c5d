import PassimCore
import PassimTestKit
import Testing

/// Ranges of RFC 9110 section 14 over real TLS, compared with slices of the file.
struct RangeTests {
    let site: DaemonSite
    let daemon: DaemonProcess
    let content: [UInt8]
    let digest: Digest

    init() throws {
        var generator = SeededGenerator(seed: 1)
        content = generator.bytes(100_000)
        digest = Digest(of: content)
        site = try DaemonSite()
        try site.put("file", content)
        try site.put("empty", "")
        try site.share()
        daemon = try site.start()
        try daemon.firstPass()
    }

    private var target: String { "/x?sha256=\(digest.hex)" }

    private func expect(_ response: HTTPResponse, _ range: Range<Int>, _ comment: Comment) {
        #expect(response.status == 206, comment)
        #expect(
            response["Content-Range"] == "bytes \(range.lowerBound)-\(range.upperBound - 1)/100000", comment)
        #expect(response["Content-Length"] == "\(range.count)", comment)
        #expect(response["ETag"] == "\"\(digest.hex)\"", comment)
        #expect(response.body == Array(content[range]), comment)
    }

    @Test(arguments: [
        ("0-0", 0..<1), ("0-", 0..<100_000), ("0-99999", 0..<100_000), ("0-1000000", 0..<100_000),
        ("99999-", 99_999..<100_000), ("99999-99999", 99_999..<100_000), ("5-9", 5..<10),
        ("-1", 99_999..<100_000),
        ("-100000", 0..<100_000), ("-100001", 0..<100_000), ("-99999999999999999999", 0..<100_000),
        ("0-99999999999999999999", 0..<100_000), ("16383-16384", 16_383..<16_385),
    ])
    func rangeIsSentAsAsked(range: String, bytes: Range<Int>) throws {
        expect(try daemon.fetch(digest, "Range: bytes=\(range)"), bytes, "\(range)")
    }

    @Test func randomRangesAreSlicesOfTheFile() throws {
        var generator = SeededGenerator()
        let connection = try daemon.connect()
        for _ in 0..<200 {
            let first = Int.random(in: 0..<content.count, using: &generator)
            let last = Int.random(in: first..<content.count, using: &generator)
            let response = try connection.request("GET", target, ["Range: bytes=\(first)-\(last)"])
            expect(response, first..<last + 1, "\(generator): \(first)-\(last)")
        }
    }

    @Test(arguments: ["100000-", "100000-100001", "99999999999999999999-", "-0"])
    func rangePastTheEndIsNotSatisfiable(range: String) throws {
        let connection = try daemon.connect()
        let response = try connection.request("GET", target, ["Range: bytes=\(range)"])
        #expect(response.status == 416)
        #expect(response["Content-Range"] == "bytes */100000")
        #expect(try connection.request("GET", target).body == content)
    }

    /// Several, other units and what is no range: the whole file, as RFC 9110 section 14.2 lets a server do.
    @Test(arguments: [
        "bytes=0-1,5-6", "bytes=0-0,-1", "lines=1-2", "bytes=", "bytes=a-b", "bytes=5-1", "bytes=1--2",
        "bytes 1-2",
        "bytes=-", "bytes=0x1-2", "1-2",
    ])
    func anythingElseIsTheWholeFile(value: String) throws {
        let response = try daemon.fetch(digest, "Range: \(value)")
        #expect(response.status == 200)
        #expect(response.body == content)
        #expect(response.values(of: "Content-Range").isEmpty)
    }

    @Test func headIgnoresRanges() throws {
        let response = try daemon.request("HEAD", target, "Range: bytes=1-2")
        #expect(response.status == 200)
        #expect(response["Content-Length"] == "100000")
    }

    @Test func rangeOfAnotherVersionIsTheWholeFile() throws {
        let connection = try daemon.connect()
        let tag = "\"\(digest.hex)\""
        let modified = try #require(try connection.request("GET", target)["Last-Modified"])
        for (condition, status) in [
            (tag, 206), ("\"other\"", 200), ("W/\(tag)", 200), ("Thu, 01 Jan 1970 00:00:00 GMT", 200),
            ("x", 200),
        ] {
            let response = try connection.request(
                "GET", target, ["Range: bytes=1-2", "If-Range: \(condition)"])
            #expect(response.status == status, "\(condition)")
            #expect(response.body == (status == 206 ? Array(content[1..<3]) : content))
        }
        // A date as young as the file is no strong validator, an old one is: never a part of something else.
        let dated = try connection.request("GET", target, ["Range: bytes=1-2", "If-Range: \(modified)"])
        #expect(dated.body == Array(content[1..<3]) || dated.body == content)
        // Whoever has it needs no part of it.
        let known = try connection.request("GET", target, ["Range: bytes=1-2", "If-None-Match: \(tag)"])
        #expect(known.status == 304)
    }

    @Test func emptyFileHasNoRanges() throws {
        let empty = Digest(of: "")
        let whole = try daemon.fetch(empty)
        #expect(whole.status == 200)
        #expect(whole["Content-Length"] == "0")
        for range in ["0-", "0-0", "-1"] {
            let response = try daemon.fetch(empty, "Range: bytes=\(range)")
            // RFC 9110 14.1.1: a suffix of an empty file is satisfiable or not, servers differ.
            if range == "-1" {
                #expect([200, 416].contains(response.status))
            } else {
                #expect(response.status == 416)
                #expect(response["Content-Range"] == "bytes */0")
            }
        }
    }
}
