import Testing

@testable import PassimHTTP

struct FieldCollectorTests {
    private func head(_ fields: String, version: String = "1.1", host: String = "Host: a\r\n") -> Seen {
        parse("GET / HTTP/\(version)\r\n\(host)\(fields)\r\n")
    }

    private func view(_ fields: String, version: String = "1.1") throws -> HeadView {
        try #require(parsedHead("GET / HTTP/\(version)\r\nHost: a\r\n\(fields)\r\n"))
    }

    @Test(arguments: [
        ("no colon", Rejection.noColon), ("x", .noColon), (": y", .emptyFieldName),
        ("x : y", .whitespaceBeforeColon),
        ("x \t: y", .whitespaceBeforeColon), ("x y: z", .fieldName), ("x@y: z", .fieldName),
        ("é: z", .fieldName),
        ("\"x\": z", .fieldName), ("x /: z", .fieldName), ("Host: b", .severalHosts),
        ("hOST: a", .severalHosts),
        ("Expect: nothing", .expectation), ("Expect: 100-continue, x", .expectation),
        ("Expect: 100-continue;q=1", .expectation),
    ])
    func malformedFieldIsRefused(field: String, rejection: Rejection) {
        #expect(head(field + "\r\n") == refused(rejection))
    }

    @Test(arguments: [
        "", " ", "a b", "a,b c", "a/b", "u@a", "a:b", "a:1:2", ":1", "[", "[]", "[::1", "[::1]a", "[::1]:x",
        "[a b]",
        "a\"", "<a>", "a\\b", "a?b", "a#b", "é", "::1",
    ])
    func malformedHostIsRefused(host: String) {
        #expect(head("", host: "Host: \(host)\r\n") == refused(.host))
        #expect(head("", version: "1.0", host: "Host: \(host)\r\n") == refused(.host))
    }

    @Test(arguments: [
        "a", "a:", "a:1", "A.b-c_d~e", "127.0.0.1:27500", "[::1]", "[::1]:27500", "[fe80::1%25eth0]", "a.",
        "x%41",
    ])
    func hostIsRead(host: String) {
        #expect(parsedHead("GET / HTTP/1.1\r\nHost:\t\(host)  \r\n\r\n")?.host == host)
    }

    @Test func hostIsRequiredIn11Only() throws {
        #expect(head("", host: "") == refused(.noHost))
        let old = try #require(parsedHead("GET / HTTP/1.0\r\n\r\n"))
        #expect(old.host == nil)
        #expect(head("Host: b\r\n", version: "1.0") == refused(.severalHosts))
    }

    @Test(arguments: [
        ("", "1.1", true), ("", "1.0", false), ("Connection: close\r\n", "1.1", false),
        ("Connection: CLOSE\r\n", "1.1", false), ("Connection: keep-alive\r\n", "1.0", true),
        ("connection: x, Keep-Alive ,y\r\n", "1.0", true),
        ("Connection: keep-alive, close\r\n", "1.1", false),
        ("Connection: close\r\nConnection: keep-alive\r\n", "1.1", false),
        ("Connection: x\r\nConnection: y,\tclose\r\n", "1.1", false), ("Connection: closed\r\n", "1.1", true),
        ("Connection:\r\n", "1.1", true), ("Connection: ,,\r\n", "1.0", false),
    ])
    func keepAliveFollowsVersionAndConnection(fields: String, version: String, expected: Bool) throws {
        #expect(try view(fields, version: version).keepAlive == expected)
    }

    @Test func bodyIsDeclaredByLengthOrChunked() throws {
        #expect(try !view("").declaresBody)
        #expect(try !view("Content-Length: 0\r\n").declaresBody)
        #expect(try !view("Content-Length: 000\r\n").declaresBody)
        #expect(try view("Content-Length: 1\r\n").declaresBody)
        #expect(try view("Content-Length: 010\r\n").declaresBody)
        #expect(try view("Content-Length: 18446744073709551616\r\n").declaresBody)
        #expect(try view("Transfer-Encoding: Chunked\r\n").declaresBody)
        #expect(try view("Transfer-Encoding: , chunked ,\r\n").declaresBody)
        #expect(head("Transfer-Encoding: chunked\r\n", version: "1.0") == refused(.oldTransferEncoding))
    }

    @Test func continueIsExpectedIn11Only() throws {
        #expect(try view("Expect: 100-Continue\r\n").expectContinue)
        #expect(try view("Expect:\r\n").expectContinue == false)
        #expect(try view("Expect: 100-continue\r\n", version: "1.0").expectContinue == false)
    }

    @Test func repeatedFieldsMakeNoUsableValue() throws {
        #expect(try view("Range: bytes=0-1\r\nRange: bytes=0-1\r\n").range == nil)
        #expect(try view("If-Modified-Since: a\r\nIf-Modified-Since: a\r\n").ifModifiedSince == nil)
        let several = try view("If-Range: \"a\"\r\nRange: bytes=0-1\r\nIf-Range: \"b\"\r\n")
        #expect(several.ifRange == nil)
        #expect(several.range == nil, "a condition that cannot be read is not met")
    }

    @Test func severalIfNoneMatchLinesAreNoted() throws {
        #expect(try view("If-None-Match: \"a\"\r\n").hasMoreIfNoneMatch == false)
        let several = try view("If-None-Match: \"a\"\r\nif-none-match: \"b\"\r\n")
        #expect(several.ifNoneMatch == "\"a\"")
        #expect(several.hasMoreIfNoneMatch)
    }

    @Test func hundredFieldsAreReadAndOneMoreIsRefused() {
        func fields(_ count: Int) -> String { String(repeating: "x: y\r\n", count: count) }
        #expect(parsedHead("GET / HTTP/1.1\r\nHost: a\r\n\(fields(99))\r\n") != nil)
        #expect(head(fields(100)) == refused(.tooManyFields))
    }

    @Test func valuesMayHoldTabsAndBytesAboveASCII() throws {
        #expect(try view("If-Range: \t a\tb ä \t\r\n").ifRange == latin1("a\tb ä".utf8))
    }
}
