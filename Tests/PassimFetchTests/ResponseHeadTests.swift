import Testing

@testable import PassimFetch

@Suite struct ResponseHeadTests {
    private func head(_ lines: String...) -> (head: ResponseHead, taken: Bool) {
        var head = ResponseHead()
        var taken = true
        for line in lines { taken = Array(line.utf8).withUnsafeBytes { head.take($0) } && taken }
        return (head, taken)
    }

    @Test func isCompleteWithItsEmptyLine() {
        #expect(head("HTTP/1.1 200 OK\r\n", "A: b\r\n", "\r\n").head.isComplete)
        #expect(head("HTTP/1.1 200 OK\n", "\n").head.isComplete)
        #expect(!head().head.isComplete)
        #expect(!head("HTTP/1.1 200 OK\r\n", "A: b\r\n").head.isComplete)
        #expect(!head("HTTP/1.1 100 Continue\r\n", "\r\n", "HTTP/1.1 200 OK\r\n").head.isComplete)
    }

    @Test(arguments: ["\r", "\r0", "\u{B}", "\u{85}", "\u{2028}x"])
    func lineEndWithinAValueIsPartOfIt(end: String) {
        #expect(head("Content-Range: bytes 0-0/1\r\n").head.contentRange != nil)
        #expect(head("Content-Range: bytes 0-0/1\(end)\r\n").head.contentRange == nil)
        #expect(head("Allow: GET, HEAD\n").head.allowsHead)
        #expect(!head("Allow: GET, HEAD\(end)\r\n").head.allowsHead)
    }

    @Test(arguments: ["Content-Range:\r\n", "Content-Range: \r\n", "content-range: bytes */1\r\n"])
    func rangeThatMakesNoSenseIsNone(line: String) {
        #expect(head("Content-Range: bytes 0-0/1\r\n", line).head.contentRange == nil)
        #expect(head(":Content-Range: bytes 0-0/1\r\n").head.contentRange == nil)
    }

    @Test func isTakenUpToTheLimit() {
        let long = String(repeating: "x", count: ResponseHead.limit)
        #expect(head(long).taken)
        #expect(!head(long, "\r\n").taken)
    }
}
