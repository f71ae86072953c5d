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

    @Test func isTakenUpToTheLimit() {
        let long = String(repeating: "x", count: ResponseHead.limit)
        #expect(head(long).taken)
        #expect(!head(long, "\r\n").taken)
    }
}
