import PassimCore
import PassimTestKit
import Testing

@testable import PassimPublish

@Suite struct ShareCountsTests {
    @Test func whatIsWrittenIsReadAgain() {
        var numbers = SeededGenerator()
        let comment: Comment = "\(numbers)"
        for _ in 0..<50 {
            var counts: [Digest: UInt32] = [:]
            for _ in 0..<Int.random(in: 0..<30, using: &numbers) {
                counts[Digest(bytes: numbers.bytes(32))!] = UInt32.random(in: 0...UInt32.max, using: &numbers)
            }
            #expect(ShareCounts.parse(ShareCounts.text(counts)) == .init(counts: counts), comment)
        }
    }

    @Test func tornFileLosesItsLastLineOnly() {
        var numbers = SeededGenerator()
        let comment: Comment = "\(numbers)"
        let counts = Dictionary(
            uniqueKeysWithValues: (0..<5).map { (Digest(bytes: numbers.bytes(32))!, UInt32($0) + 100) })
        let text = ShareCounts.text(counts)
        for length in text.indices {
            let reading = ShareCounts.parse(Array(text[..<length]))
            let whole = text[..<length].count { $0 == 0x0A }
            #expect(reading.counts.count == whole, comment)
            #expect(reading.counts.allSatisfy { counts[$0.key] == $0.value }, comment)
            #expect(reading.badCount == (length == 0 || text[length - 1] == 0x0A ? 0 : 1), comment)
        }
    }

    @Test(arguments: [
        "", " ", "x 1", "\(String(repeating: "a", count: 64))", "\(String(repeating: "a", count: 64)) ",
        "\(String(repeating: "a", count: 64)) -1", "\(String(repeating: "a", count: 64)) +1",
        "\(String(repeating: "a", count: 64)) 1 ", "\(String(repeating: "a", count: 64)) 4294967296",
        "\(String(repeating: "a", count: 64))\t1", "\(String(repeating: "g", count: 64)) 1", "ü\u{0}",
    ])
    func malformedLineIsNone(_ line: String) {
        let reading = ShareCounts.parse(Array((line + "\n").utf8))
        #expect(reading.counts.isEmpty && reading.firstBad == 1 && reading.badCount == 1)
    }

    @Test func anyBytesAreRead() {
        var numbers = SeededGenerator()
        for _ in 0..<200 {
            let reading = ShareCounts.parse(numbers.bytes(Int.random(in: 0..<300, using: &numbers)))
            #expect(reading.counts.isEmpty, "\(numbers)")
        }
    }

    @Test func ofTwoCountsTheLargerHolds() {
        let digest = Digest(words: (1, 2, 3, 4))
        #expect(ShareCounts.parse(Array("\(digest) 7\n\(digest) 5\n".utf8)).counts == [digest: 7])
    }
}
