/// A request that leaves open where it ends, or that only some servers would take for one (RFC 9112, 11.2).
struct SmugglingShape: CustomStringConvertible, Sendable {
    var name: String
    var bytes: [UInt8]
    /// What it is refused with; the connection ends behind it.
    var status: Int

    var description: String { name }

    init(_ name: String, _ status: Int, _ text: String) {
        self.name = name
        bytes = Array(text.utf8)
        self.status = status
    }

    init(_ name: String, _ status: Int, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        self.status = status
    }

    private static func get(_ name: String, _ status: Int, _ fields: String, body: String = "")
        -> SmugglingShape
    {
        SmugglingShape(name, status, "GET /x HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body)
    }

    private static let chunked = "0\r\n\r\n"

    static let framing: [SmugglingShape] = [
        get("CL.TE", 400, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", body: chunked),
        get("TE.CL", 400, "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", body: chunked),
        get("CL.TE of no length", 400, "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
        get("CL.TE, TE unknown", 400, "Content-Length: 0\r\nTransfer-Encoding: x\r\n"),
        get("CL CL", 400, "Content-Length: 0\r\nContent-Length: 50\r\n"),
        get("CL CL alike", 400, "Content-Length: 0\r\nContent-Length: 0\r\n"),
        get("CL list", 400, "Content-Length: 0, 0\r\n"),
        get("CL plus", 400, "Content-Length: +0\r\n"),
        get("CL minus", 400, "Content-Length: -1\r\n"),
        get("CL hexadecimal", 400, "Content-Length: 0x0\r\n"),
        get("CL empty", 400, "Content-Length:\r\n"),
        get("CL with a space", 400, "Content-Length: 0 0\r\n"),
        get("CL with a letter", 400, "Content-Length: 0a\r\n"),
        get("CL fraction", 400, "Content-Length: 0.0\r\n"),
        get("CL Arabic digit", 400, "Content-Length: \u{0660}\r\n"),
        get("CL past 64 bits", 413, "Content-Length: 18446744073709551616\r\n"),
        get("CL past all bits", 413, "Content-Length: \(String(repeating: "9", count: 5000))\r\n"),
        get("CL on GET", 413, "Content-Length: 60\r\n"),
        get("CL with zeros", 413, "Content-Length: 0000000000000000000001\r\n"),
        get("TE on GET", 413, "Transfer-Encoding: chunked\r\n", body: chunked),
        get("TE on GET, upper case", 413, "TRANSFER-ENCODING: CHUNKED\r\n", body: chunked),
        get("TE with tabs", 413, "Transfer-Encoding:\tchunked\t\r\n", body: chunked),
        get("TE chunk sizes that lie", 413, "Transfer-Encoding: chunked\r\n", body: "FFFFFFFFFFFFFFFF1\r\n"),
        get("TE chunk extension", 413, "Transfer-Encoding: chunked\r\n", body: "0;a=\"\r\n\r\n\"\r\n\r\n"),
        get("TE twice", 400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", body: chunked),
        get("TE chunked, chunked", 400, "Transfer-Encoding: chunked, chunked\r\n", body: chunked),
        get("TE chunked, identity", 400, "Transfer-Encoding: chunked, identity\r\n", body: chunked),
        get("TE identity", 501, "Transfer-Encoding: identity\r\n"),
        get("TE gzip, chunked", 501, "Transfer-Encoding: gzip, chunked\r\n", body: chunked),
        get("TE xchunked", 501, "Transfer-Encoding: xchunked\r\n", body: chunked),
        get("TE chunked with a parameter", 400, "Transfer-Encoding: chunked;q=1\r\n", body: chunked),
        get("TE chunked in quotes", 400, "Transfer-Encoding: \"chunked\"\r\n", body: chunked),
        get("TE empty", 400, "Transfer-Encoding:\r\n"),
        get("TE comma", 400, "Transfer-Encoding: ,\r\n"),
        get("TE with VT", 400, "Transfer-Encoding: \u{0B}chunked\r\n", body: chunked),
        get("TE with NUL", 400, "Transfer-Encoding: chunked\u{0}\r\n", body: chunked),
        get("TE folded", 400, "Transfer-Encoding:\r\n chunked\r\n", body: chunked),
        get("TE folded away", 400, "X: y\r\n Transfer-Encoding: chunked\r\n", body: chunked),
        get("TE behind a space", 400, "Transfer-Encoding : chunked\r\n", body: chunked),
        get("TE behind a tab", 400, "Transfer-Encoding\t: chunked\r\n", body: chunked),
        get("TE behind LF", 400, "X: y\nTransfer-Encoding: chunked\r\n", body: chunked),
        get("TE behind CR", 400, "X: y\rTransfer-Encoding: chunked\r\n", body: chunked),
        get("TE name folded", 400, "Transfer\r\n-Encoding: chunked\r\n", body: chunked),
        SmugglingShape(
            "TE in 1.0", 400,
            "GET /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n0\r\n\r\n"),
        SmugglingShape(
            "CL in 1.0", 413, "GET /x HTTP/1.0\r\nContent-Length: 60\r\nConnection: keep-alive\r\n\r\n"),
        SmugglingShape("CL on POST", 405, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n"),
        SmugglingShape(
            "TE on PUT", 405, "PUT /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        get("Expect with a body", 413, "Expect: 100-continue\r\nContent-Length: 60\r\n"),
        get(
            "Expect with chunks", 413, "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n", body: chunked
        ),
        get("Expect unknown", 417, "Expect: 200-ok\r\n"),
        get("Expect twice", 417, "Expect: 100-continue, 101-switch\r\n"),
    ]

    static let lines: [SmugglingShape] = [
        get("folded field", 400, "X: y\r\n z\r\n"),
        get("folded by a tab", 400, "X: y\r\n\tz\r\n"),
        get("folded first line", 400, " X: y\r\n"),
        SmugglingShape("folded behind the request line", 400, "GET /x HTTP/1.1\r\n Host: a\r\n\r\n"),
        get("space before the colon", 400, "X : y\r\n"),
        get("no colon", 400, "X\r\n"),
        get("no name", 400, ": y\r\n"),
        get("name with a space", 400, "X Y: z\r\n"),
        get("name in quotes", 400, "\"X\": y\r\n"),
        get("name of two bytes a letter", 400, "\u{E9}: y\r\n"),
        get("bare LF", 400, "X: y\n"),
        get("bare CR", 400, "X: y\rz\r\n"),
        get("CR CR LF", 400, "X: y\r\r\n"),
        get("LF CR", 400, "X: y\n\r"),
        SmugglingShape("LF alone", 400, "GET /x HTTP/1.1\nHost: a\n\n"),
        SmugglingShape("head ended by LF LF", 400, "GET /x HTTP/1.1\r\nHost: a\n\n"),
        SmugglingShape("head ended by CR CR", 400, "GET /x HTTP/1.1\r\nHost: a\r\r"),
        get("NUL in a name", 400, "X\u{0}: y\r\n"),
        get("NUL in a value", 400, "X: \u{0}\r\n"),
        get("DEL in a value", 400, "X: \u{7F}\r\n"),
        get("ESC in a value", 400, "X: \u{1B}[2J\r\n"),
        SmugglingShape("NUL in the target", 400, "GET /x\u{0} HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("NUL before all", 400, "\u{0}GET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("NULs", 400, bytes: [UInt8](repeating: 0, count: 1000)),
        SmugglingShape("two hosts", 400, "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
        SmugglingShape("two hosts alike", 400, "GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        SmugglingShape("no host", 400, "GET /x HTTP/1.1\r\n\r\n"),
        SmugglingShape("host list", 400, "GET /x HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        SmugglingShape("host with a user", 400, "GET /x HTTP/1.1\r\nHost: a@b\r\n\r\n"),
        SmugglingShape("host with a path", 400, "GET /x HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        SmugglingShape("empty lines", 400, "\r\n\r\n\r\n\r\n"),
        SmugglingShape("LF before all", 400, "\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    static let requestLines: [SmugglingShape] = [
        SmugglingShape("HTTP/0.9", 400, "GET /x\r\n"),
        SmugglingShape("HTTP/0.9 with LF", 400, "GET /x\n"),
        SmugglingShape("HTTP/0.9 with its name", 505, "GET /x HTTP/0.9\r\n\r\n"),
        SmugglingShape("HTTP/2.0", 505, "GET /x HTTP/2.0\r\nHost: a\r\n\r\n"),
        SmugglingShape("HTTP/2 preface", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u{0}\u{0}\u{0}\u{4}\u{0}"),
        SmugglingShape("version of two digits", 400, "GET /x HTTP/1.10\r\nHost: a\r\n\r\n"),
        SmugglingShape("version with a letter", 400, "GET /x HTTP/1.1x\r\nHost: a\r\n\r\n"),
        SmugglingShape("version with a zero", 505, "GET /x HTTP/01.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("version in small letters", 400, "GET /x http/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("another protocol", 400, "GET /x ICAP/1.0\r\nHost: a\r\n\r\n"),
        SmugglingShape("two spaces", 400, "GET  /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("two spaces behind the target", 400, "GET /x  HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("space before all", 400, " GET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("space behind all", 400, "GET /x HTTP/1.1 \r\nHost: a\r\n\r\n"),
        SmugglingShape("tab", 400, "GET\t/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("space in the target", 400, "GET /x y HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape(
            "a request in the target", 400, "GET /x HTTP/1.1 GET /y HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("CR in the target", 400, "GET /x\ry HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("fragment", 400, "GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("another scheme", 400, "GET ftp://a/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("absolute form with a user", 400, "GET https://a@b/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("absolute form without a host", 400, "GET https:///x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("absolute form, no Host", 400, "GET https://a/x HTTP/1.1\r\n\r\n"),
        SmugglingShape("authority form of GET", 400, "GET a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("asterisk form of GET", 400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("CONNECT", 405, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("no method", 400, " /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("method in brackets", 400, "(GET) /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("a response", 400, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        SmugglingShape("TLS in TLS", 400, bytes: [22, 3, 1, 0, 5, 1, 0, 0, 1, 3]),
    ]

    static let sizes: [SmugglingShape] = [
        SmugglingShape(
            "giant target", 414, "GET /\(String(repeating: "x", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape(
            "giant method", 431, "\(String(repeating: "X", count: 20_000)) / HTTP/1.1\r\nHost: a\r\n\r\n"),
        get("giant field", 431, "X: \(String(repeating: "y", count: 20_000))\r\n"),
        get("giant name", 431, "\(String(repeating: "x", count: 20_000)): y\r\n"),
        get("many fields", 431, String(repeating: "X: y\r\n", count: 101)),
        get("many short fields", 431, String(repeating: "X:\r\n", count: 5000)),
        get(
            "head of a megabyte", 431,
            String(repeating: "X: \(String(repeating: "y", count: 1000))\r\n", count: 1000)),
    ]

    static let all = framing + lines + requestLines + sizes

    /// Requests that are sound however odd they look: each is answered, and what follows is the next.
    static let sound: [SmugglingShape] = [
        get(
            "upgrade to h2c", 400,
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
        get(
            "upgrade to websocket", 400,
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n"),
        get("upgrade to TLS", 400, "Connection: Upgrade\r\nUpgrade: TLS/1.3\r\n"),
        get("CL of no length", 400, "Content-Length: 0\r\n"),
        get("Expect without a body", 400, "Expect: 100-continue\r\n"),
        get("TE field", 400, "TE: chunked, trailers\r\nTrailer: X\r\n"),
        get("underscores", 400, "Transfer_Encoding: chunked\r\nContent_Length: 60\r\n"),
        get("X-Content-Length", 400, "X-Content-Length: 60\r\nContent-Length-: 60\r\n"),
        get("Content-Length in the value", 400, "X: Content-Length: 60\r\n"),
        get("method override", 400, "X-HTTP-Method-Override: POST\r\nX-Original-URL: /\r\n"),
        get("forwarded", 400, "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: localhost\r\n"),
        SmugglingShape("absolute form", 400, "GET https://b/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("absolute form of http", 400, "GET HTTP://b:80/x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("OPTIONS *", 405, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("TRACE", 405, "TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("POST without a body", 405, "POST /x HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("encoded CRLF", 400, "GET /x%0d%0aHost:%20b HTTP/1.1\r\nHost: a\r\n\r\n"),
        SmugglingShape("two empty lines before", 400, "\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]
}
