import PassimCore
import Testing

@testable import PassimHTTP

struct HeadWriterTests {
    private let digest = Digest(hex: String(repeating: "0123456789abcdef", count: 4))!

    /// What `body` writes into `capacity` bytes; checks that nothing is written past them.
    private func written(capacity: Int = 2048, _ body: (inout HeadWriter) -> Void) -> String? {
        var memory = [UInt8](repeating: 0xAA, count: capacity + 64)
        let count = memory.withUnsafeMutableBytes { bytes -> Int? in
            var writer = HeadWriter(UnsafeMutableRawBufferPointer(rebasing: bytes[..<capacity]))
            body(&writer)
            return writer.end()
        }
        #expect(memory[capacity...].allSatisfy { $0 == 0xAA })
        return count.map { String(decoding: memory[..<$0], as: UTF8.self) }
    }

    private func everything(_ writer: inout HeadWriter) {
        writer.status(.partialContent)
        writer.field("Server", "passim")
        writer.field("Content-Length", decimal: 10)
        writer.field("ETag", entityTag: digest)
        writer.field("Date", date: HTTPDate(unixSeconds: 784_111_777))
        writer.contentRange(ByteRange(first: 5, count: 10), size: 100)
        withRaw("X: y\r\n") { writer.fields($0) }
        withRaw("/a") { writer.field("Location", $0) }
    }

    private let expected =
        "HTTP/1.1 206 Partial Content\r\nServer: passim\r\nContent-Length: 10\r\n"
        + "ETag: \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\r\n"
        + "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Range: bytes 5-14/100\r\nX: y\r\nLocation: /a\r\n\r\n"

    @Test func headIsWritten() {
        #expect(written { everything(&$0) } == expected)
    }

    @Test func tooSmallBufferFailsWithoutWritingPastIt() {
        for capacity in 0..<expected.utf8.count {
            #expect(written(capacity: capacity) { everything(&$0) } == nil)
        }
        #expect(written(capacity: expected.utf8.count) { everything(&$0) } == expected)
    }

    @Test func failureIsForGood() {
        let text = written(capacity: 30) { writer in
            writer.field("Too-Long-For-This", "0123456789012345678901234567890123456789")
            writer.field("A", "b")
        }
        #expect(text == nil)
    }

    @Test(arguments: ["a\r\nSet-Cookie: b", "a\nb", "a\rb", "a\0b"])
    func valueCannotEndItsLine(value: String) {
        #expect(written { writer in withRaw(value) { writer.field("Location", $0) } } == nil)
        #expect(written { $0.field("Location", value) } == nil)
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 1_000_000, UInt64.max])
    func numbersAreWrittenInDecimal(number: UInt64) {
        #expect(written { $0.field("A", decimal: number) } == "A: \(number)\r\n\r\n")
        #expect(
            written { $0.contentRange(unsatisfiableOf: number) } == "Content-Range: bytes */\(number)\r\n\r\n"
        )
    }
}
