import PassimTestKit
import Testing

@testable import PassimFetch

@Suite struct ContentRangeTests {
    @Test(arguments: [
        ("bytes 0-0/1", ContentRange(first: 0, last: 0, length: 1)),
        ("bytes 5-9/10", ContentRange(first: 5, last: 9, length: 10)),
        (" Bytes\t5-9/10 ", ContentRange(first: 5, last: 9, length: 10)),
        (
            "bytes 0-18446744073709551614/18446744073709551615",
            ContentRange(first: 0, last: .max - 1, length: .max)
        ),
    ])
    func rangeIsRead(text: String, range: ContentRange) {
        #expect(ContentRange(Substring(text)) == range)
    }

    @Test(arguments: [
        "", "bytes", "bytes 0-0", "bytes 0-0/*", "bytes */10", "bytes 5-4/10", "bytes 0-10/10", "items 0-0/1",
        "bytes 0-0/0", "bytes -1-0/1", "bytes +0-0/1", "bytes 0-0/1/1", "bytes 0-0-0/1", "bytes 0 -0/1",
        "bytes=0-0/1", "bytes 0-0/18446744073709551616", "bytes ٠-٠/1", "bytes 0-0/1 x",
    ])
    func anythingElseIsNone(text: String) {
        #expect(ContentRange(Substring(text)) == nil)
    }

    @Test func onlyAllThatIsMissingCompletes() {
        let range = ContentRange(first: 5, last: 9, length: 10)
        #expect(range.completes(from: 5))
        #expect(!range.completes(from: 4))
        #expect(!range.completes(from: 6))
        #expect(!ContentRange(first: 5, last: 8, length: 10).completes(from: 5))
    }

    @Test func whatIsReadIsWhatWasWritten() {
        var generator = SeededGenerator()
        for _ in 0..<2_000 {
            // Now and then near the ends.
            let length =
                generator.chance(50) ? UInt64.random(in: 1...20, using: &generator) : generator.next()
            guard length > 0 else { continue }
            let last = UInt64.random(in: 0..<length, using: &generator)
            let first = UInt64.random(in: 0...last, using: &generator)
            let text = "bytes \(first)-\(last)/\(length)"
            let range = ContentRange(first: first, last: last, length: length)
            #expect(ContentRange(Substring(text)) == range, "\(text)")
            // One byte of it is another.
            var bytes = Array(text.utf8)
            bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8(generator.next() & 0x7F)
            if let read = ContentRange(Substring(decoding: bytes, as: UTF8.self)) {
                #expect(read.first <= read.last && read.last < read.length, "\(bytes)")
            }
        }
    }
}
