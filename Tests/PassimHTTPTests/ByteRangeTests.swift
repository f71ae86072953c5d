import PassimTestKit
import Testing

@testable import PassimHTTP

private func resolve(_ header: String, _ size: UInt64) -> RangeOutcome {
    withRaw(header) { ByteRange.resolve(header: $0, size: size) }
}

private func part(_ first: UInt64, _ count: UInt64) -> RangeOutcome {
    .part(ByteRange(first: first, count: count))
}

struct ByteRangeTests {
    @Test func noHeaderIsTheWhole() {
        #expect(ByteRange.resolve(header: nil, size: 10) == .whole)
    }

    @Test(arguments: [
        ("bytes=0-0", part(0, 1)), ("bytes=0-9", part(0, 10)), ("bytes=0-", part(0, 10)),
        ("bytes=9-", part(9, 1)),
        ("bytes=3-100", part(3, 7)), ("bytes=-1", part(9, 1)), ("bytes=-10", part(0, 10)),
        ("bytes=-11", part(0, 10)),
        ("BYTES=1-2", part(1, 2)), ("bytes= 1-2 ", part(1, 2)), ("bytes=,1-2,", part(1, 2)),
        ("bytes=01-002", part(1, 2)),
        ("bytes=5-18446744073709551615", part(5, 5)), ("bytes=5-99999999999999999999999", part(5, 5)),
        ("bytes=-99999999999999999999999", part(0, 10)),
    ])
    func oneRangeIsAPart(header: String, expected: RangeOutcome) {
        #expect(resolve(header, 10) == expected)
    }

    @Test(arguments: [
        "bytes=10-", "bytes=10-10", "bytes=-0", "bytes=18446744073709551615-", "bytes=18446744073709551616-",
        "bytes=99999999999999999999999-", "bytes=-000",
    ])
    func rangePastTheEndIsUnsatisfiable(header: String) {
        #expect(resolve(header, 10) == .unsatisfiable)
    }

    @Test(arguments: [
        "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=--1", "bytes=1--2", "bytes=1-2-3", "bytes=2-1",
        "bytes=a-b",
        "bytes=1-b", "bytes=+1-2", "bytes=1 -2", "bytes=1- 2", "bytes=0-0,1-1", "bytes=0-0, -1",
        "bytes=10-,11-",
        "bytes=0-0,x", "items=0-0", "bytes =0-0", " bytes=0-0", "bytes:0-0", "bytes=0x1-2", "bytes=\u{0661}-",
    ])
    func severalAndMalformedAndOtherUnitsAreTheWhole(header: String) {
        #expect(resolve(header, 10) == .whole)
    }

    @Test func emptyFileHasNoPositions() {
        #expect(resolve("bytes=0-", 0) == .unsatisfiable)
        #expect(resolve("bytes=0-0", 0) == .unsatisfiable)
        #expect(resolve("bytes=-0", 0) == .unsatisfiable)
        // Satisfiable, and no 206 can say so.
        #expect(resolve("bytes=-5", 0) == .whole)
    }

    @Test func biggestFileDoesNotOverflow() {
        #expect(resolve("bytes=0-", .max) == part(0, .max))
        #expect(resolve("bytes=18446744073709551614-", .max) == part(.max - 1, 1))
        #expect(resolve("bytes=18446744073709551615-", .max) == .unsatisfiable)
        #expect(resolve("bytes=-18446744073709551615", .max) == part(0, .max))
        #expect(ByteRange(first: .max - 1, count: 1).last == UInt64.max - 1)
    }

    @Test func smallRangesAreTheSetsThatTheyDescribe() {
        for size in UInt64(0)...5 {
            for first in UInt64(0)...7 {
                check(resolve("bytes=\(first)-", size), Array(0..<size).filter { $0 >= first })
                for last in first...8 {
                    check(
                        resolve("bytes=\(first)-\(last)", size), Array(0..<size).filter { first...last ~= $0 }
                    )
                }
                if size > 0 || first == 0 {
                    check(resolve("bytes=-\(first)", size), Array(Array(0..<size).suffix(Int(first))))
                }
            }
        }
    }

    private func check(_ outcome: RangeOutcome, _ positions: [UInt64]) {
        guard let first = positions.first else {
            #expect(outcome == .unsatisfiable)
            return
        }
        #expect(outcome == part(first, UInt64(positions.count)))
    }

    @Test func noPartLeavesTheFile() {
        var random = SeededGenerator(seed: 0x2026_0020)
        let memory = GuardedBytes(capacity: 256)
        let pieces = [
            "bytes=", "-", "-", ",", " ", "0", "1", "9", "18446744073709551615", "18446744073709551616", "x",
            "\t", "=",
        ]
        var parts = 0
        for _ in 0..<20000 {
            let text =
                "bytes="
                + (0..<Int.random(in: 0...4, using: &random)).map { _ in random.pick(pieces) }.joined()
            let size = random.pick([0, 1, 2, 10, 1 << 40, UInt64.max])
            let outcome = memory.with(Array(text.utf8)) { ByteRange.resolve(header: $0, size: size) }
            guard case .part(let range) = outcome else { continue }
            parts += 1
            #expect(range.count > 0)
            #expect(range.first < size)
            #expect(range.count <= size - range.first)
        }
        #expect(parts > 500)
    }
}
