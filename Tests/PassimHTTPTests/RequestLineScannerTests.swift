import Testing

@testable import PassimHTTP

struct RequestLineScannerTests {
    private func head(_ line: String, host: String = "Host: a\r\n") -> Seen {
        parse("\(line)\r\n\(host)\r\n")
    }

    @Test(arguments: [
        ("{} / HTTP/1.1", Rejection.method),
        (" / HTTP/1.1", .method),
        ("\tGET / HTTP/1.1", .method),
        ("GET\t/ HTTP/1.1", .method),
        ("G\u{E9}T / HTTP/1.1", .method),
        ("GET: / HTTP/1.1", .method),
        ("GET", .bareCarriageReturn),
        ("GET  / HTTP/1.1", .emptyTarget),
        ("GET ", .noVersion),
        ("GET /", .noVersion),
        ("GET / ", .version),
        ("GET / HTTP/1.1 ", .version),
        ("GET /  HTTP/1.1", .version),
        ("GET /a b HTTP/1.1", .version),
        ("GET /a\tb HTTP/1.1", .targetWhitespace),
        ("GET /#a HTTP/1.1", .fragment),
        ("GET /\u{1} HTTP/1.1", .controlCharacter),
        ("GET /\u{0} HTTP/1.1", .nul),
        ("GET /\n HTTP/1.1", .bareLineFeed),
        ("GET / http/1.1", .version),
        ("GET / HTTP/1", .version),
        ("GET / HTTP/1.", .version),
        ("GET / HTTP/1,1", .version),
        ("GET / HTTP/11", .version),
        ("GET / HTTP/1.10", .version),
        ("GET / HTTP/x.1", .version),
        ("GET / HTTP/1.x", .version),
        ("GET / HTTPS/1.1", .version),
        ("GET / HTTP/0.9", .unsupportedVersion),
        ("GET / HTTP/2.0", .unsupportedVersion),
        ("GET / HTTP/9.1", .unsupportedVersion),
        ("PRI * HTTP/2.0", .unsupportedVersion),
        ("GET * HTTP/1.1", .targetForm),
        ("GET localhost:27500 HTTP/1.1", .targetForm),
        ("GET a/b HTTP/1.1", .targetForm),
        ("GET ?a HTTP/1.1", .targetForm),
        ("GET ftp://a/ HTTP/1.1", .targetForm),
        ("GET http:/a HTTP/1.1", .targetForm),
        ("GET http:///a HTTP/1.1", .targetAuthority),
        ("GET https://u:p@a/ HTTP/1.1", .targetAuthority),
        ("GET https://a:b/ HTTP/1.1", .targetAuthority),
        ("GET https://[::1/ HTTP/1.1", .targetAuthority),
    ])
    func malformedLineIsRefused(line: String, rejection: Rejection) {
        // "GET" alone: its CR is no token character.
        #expect(head(line) == refused(rejection))
    }

    @Test(
        arguments: [
            ("/", "/", nil), ("/a?b", "/a", "b"), ("/?", "/", ""), ("/a?b?c", "/a", "b?c"),
            ("//x/../y", "//x/../y", nil),
            ("/<>\"\\^`{|}", "/<>\"\\^`{|}", nil), ("https://h", "/", nil), ("https://h?q", "/", "q"),
            ("HTTP://h:1/p?q", "/p", "q"), ("https://[::1]:27500/p", "/p", nil),
        ] as [(String, String, String?)])
    func targetIsSplit(target: String, path: String, query: String?) throws {
        let head = try #require(parsedHead("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(head.target == target)
        #expect(head.path == path)
        #expect(head.query == query)
    }

    @Test func rawUTF8InTheTargetIsLetThrough() throws {
        let head = try #require(parsedHead("GET /ä HTTP/1.1\r\nHost: a\r\n\r\n"))
        #expect(latin1Bytes(head.path) == Array("/ä".utf8))
    }

    @Test func absoluteTargetOverridesHostButDoesNotReplaceIt() {
        #expect(parsedHead("GET https://b:2/ HTTP/1.1\r\nHost: a\r\n\r\n")?.host == "b:2")
        #expect(parsedHead("GET https://b:2/ HTTP/1.0\r\n\r\n")?.host == "b:2")
        #expect(head("GET https://b/ HTTP/1.1", host: "") == refused(.noHost))
    }

    @Test(arguments: [
        "OPTIONS *", "CONNECT a:443", "POST /", "get /", "GETT /", "Get /", "HEADER x", "!#$%&'*+-.^_`|~ /",
        "PUT ?",
    ])
    func anotherMethodIsReportedWithAnyTarget(line: String) {
        #expect(parsedHead("\(line) HTTP/1.1\r\nHost: a\r\n\r\n")?.method == .other)
    }

    /// Some clients do not wait for the tunnel: what they send through it must not be taken for requests.
    @Test func behindConnectNothingIsARequest() {
        #expect(parsedHead("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n")?.declaresBody == true)
        for line in ["CONNEC a:443", "CONNECTS a:443", "connect a:443", "OPTIONS *", "GET /CONNECT"] {
            #expect(parsedHead("\(line) HTTP/1.1\r\nHost: a\r\n\r\n")?.declaresBody == false, "\(line)")
        }
    }

    @Test func methodsAreKnown() {
        #expect(parsedHead("GET / HTTP/1.1\r\nHost: a\r\n\r\n")?.method == .get)
        #expect(parsedHead("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")?.method == .head)
    }

    @Test func higherMinorVersionCountsAs11() {
        #expect(parsedHead("GET / HTTP/1.2\r\nHost: a\r\n\r\n")?.isHTTP11 == true)
        #expect(parsedHead("GET / HTTP/1.9\r\nHost: a\r\n\r\n")?.isHTTP11 == true)
        #expect(parsedHead("GET / HTTP/1.0\r\n\r\n")?.isHTTP11 == false)
    }

    @Test func twoEmptyLinesAreIgnoredAndCountAsPartOfTheHead() {
        let request = "GET / HTTP/1.0\r\n\r\n"
        #expect(parsedHead("\r\n" + request)?.length == request.utf8.count + 2)
        #expect(parsedHead("\r\n\r\n" + request)?.length == request.utf8.count + 4)
        #expect(parse("\r\n\r\n\r\n" + request) == refused(.emptyLines))
        #expect(parse("\n" + request) == refused(.bareLineFeed))
        #expect(parse("\r" + request) == refused(.bareCarriageReturn))
        #expect(parse("\r\n\r\n") == .incomplete)
    }

    @Test func targetOfExactlyTheLimitIsReadAndOneByteMoreIsRefused() {
        let longest = "/" + String(repeating: "x", count: RequestLimits.target - 1)
        #expect(parsedHead("GET \(longest) HTTP/1.0\r\n\r\n")?.target == longest)
        #expect(parse("GET \(longest)") == .incomplete)
        #expect(parse("GET \(longest)x") == refused(.targetTooLong))
    }
}
