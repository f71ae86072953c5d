import PassimCore
import PassimTestKit
import Testing

@testable import PassimHTTP

private let hex = String(repeating: "0123456789abcdef", count: 4)
private let digest = Digest(hex: hex)!
private let ours = "\"\(hex)\""
private let other = "\"\(hex.reversed().map(String.init).joined())\""
private let modified: Int64 = 784_111_777
private let date = "Sun, 06 Nov 1994 08:49:37 GMT"

private func ifNoneMatch(_ value: String) -> Bool {
    withRaw(value) { Conditions.ifNoneMatch($0, digest: digest) }
}

private func ifRange(_ value: String) -> Bool {
    withRaw(value) { Conditions.ifRange($0, digest: digest, modified: modified) }
}

private func isNotModified(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> Bool {
    Conditions.evaluate(head, in: bytes, digest: digest, modified: modified) == .notModified
}

/// Runs `body` on the head of a request with these field lines.
private func withHead<Result>(
    _ fields: String..., method: String = "GET", _ body: (RequestHead, UnsafeRawBufferPointer) -> Result
) throws -> Result {
    let lines = fields.map { $0 + "\r\n" }.joined()
    let text = "\(method) / HTTP/1.1\r\nHost: a\r\n\(lines)\r\nIf-None-Match: *\r\n"
    return try withRaw(text) { bytes -> Result? in
        var parser = RequestParser()
        guard case .request(let head) = parser.parse(bytes) else { return nil }
        return body(head, bytes)
    }.unwrapped()
}

extension Optional {
    fileprivate func unwrapped() throws -> Wrapped { try #require(self) }
}

struct ConditionsTests {
    @Test(arguments: [
        "*", " * ", ours, "W/\(ours)", "\"a\", \(ours)", "\"a\",W/\(ours),\"b\"", ", ,\(ours)", "\(ours)\t,",
        "\"a,b\", \(ours)",
        "\"\", \(ours)", "\"W/\", \(ours)", "\"\\\", \(ours)",
    ])
    func namedFileIsNotModified(value: String) {
        #expect(ifNoneMatch(value))
    }

    @Test(arguments: [
        "", ",", "\"a\"", other, hex, "\"\(hex)", "\(hex)\"", "\"\(hex.uppercased())\"", "w/\(ours)",
        "W/ \(ours)", "W/",
        "W/\(hex)", "\"a\" \(ours)", "*, \(ours)x", "\"\(hex)x\"", "\" \(hex)\"", "x, \(ours)",
        "\"a\"x, \(ours)", "**",
        "\"\u{7F}\", \(ours)", "'\(hex)'", "\"\(ours)\"",
    ])
    func otherAndMalformedTagsAreNoMatch(value: String) {
        #expect(!ifNoneMatch(value))
    }

    @Test func listsAreReadAsTheyWereWritten() {
        var random = SeededGenerator(seed: 0x2026_0050)
        let memory = GuardedBytes(capacity: 2048)
        for _ in 0..<5000 {
            let tags = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                (random.chance(30) ? "W/" : "")
                    + random.pick([ours, other, "\"\"", "\"a,b\"", "\"\u{FF}*\""])
            }
            let list = tags.map { $0 + random.pick([",", ", ", " ,", ",,", "\t, ,"]) }.joined()
            let expected = tags.contains { $0.hasSuffix(ours) }
            #expect(memory.with(Array(list.utf8)) { Conditions.ifNoneMatch($0, digest: digest) } == expected)
            // Cut anywhere, it is read inside its bytes, and finds nothing that was not there.
            let cut = Array(list.utf8).prefix(Int.random(in: 0...list.utf8.count, using: &random))
            let found = memory.with(cut) { Conditions.ifNoneMatch($0, digest: digest) }
            #expect(!found || expected)
        }
    }

    @Test func everyLineOfIfNoneMatchCounts() throws {
        func matches(_ one: String, _ two: String, _ three: String) throws -> Bool {
            try withHead(
                "If-None-Match: \(one)", "X: *", "if-none-match:\(two)", "IF-NONE-MATCH: \(three)",
                "If-None-Match-X: *"
            ) { Conditions.ifNoneMatch($0, in: $1, digest: digest) }
        }
        #expect(try matches(ours, "\"a\"", "\"b\""))
        #expect(try matches("\"a\"", "\"b\", \(ours)", ""))
        #expect(try matches("\"a\"", "\"b\"", "W/\(ours)"))
        #expect(try matches("malformed", "", "*"))
        // Nor does the next request's line, which stands behind this head.
        #expect(try !matches("\"a\"", "\"b\"", "\"c\""))
    }

    @Test(arguments: [
        (ours, true), (date, true), ("Sunday, 06-Nov-94 08:49:37 GMT", true), (" \(ours) ", true),
    ])
    func ifRangeHoldsForTheTagAndTheDate(value: String, expected: Bool) {
        #expect(ifRange(value) == expected)
    }

    @Test(arguments: [
        "", "*", other, "W/\(ours)", "\(ours), \(ours)", "\(ours)x", hex, "Sun, 06 Nov 1994 08:49:38 GMT",
        "Sun, 06 Nov 1994 08:49:36 GMT", "yesterday",
    ])
    func ifRangeFailsForAnythingElse(value: String) {
        #expect(!ifRange(value))
    }

    @Test func ifModifiedSinceComparesTimes() throws {
        func fresh(_ since: String) throws -> Bool {
            try withHead("If-Modified-Since: \(since)") {
                isNotModified($0, $1)
            }
        }
        #expect(try fresh(date))
        #expect(try fresh("Sun Nov  6 08:49:38 1994"))
        #expect(try !fresh("Sun, 06 Nov 1994 08:49:36 GMT"))
        #expect(try !fresh("yesterday"))
        #expect(try !withHead { isNotModified($0, $1) })
    }

    @Test func ifModifiedSinceIsIgnoredBesideIfNoneMatch() throws {
        let fresh = try withHead("If-Modified-Since: \(date)", "If-None-Match: \(other)") {
            isNotModified($0, $1)
        }
        #expect(!fresh)
        let same = try withHead("If-Modified-Since: Sun, 06 Nov 1974 08:49:37 GMT", "If-None-Match: \(ours)")
        {
            isNotModified($0, $1)
        }
        #expect(same)
    }

    @Test func fileFromBefore1970IsAsOldAsItsLastModifiedSays() throws {
        let fresh = try withHead("If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT") {
            Conditions.evaluate($0, in: $1, digest: digest, modified: -5) == .notModified
        }
        #expect(fresh)
    }

    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"

    @Test(arguments: [
        ("If-Match: *", Conditions.Outcome.met), ("If-Match: \(ours)", .met),
        ("If-Match: \(other), \(ours)", .met), ("If-Match: \(other)\r\nif-match: \(ours)", .met),
        ("If-Match: \(other)", .failed), ("If-Match: W/\(ours)", .failed), ("If-Match:", .failed),
        ("If-Match: \(other)\r\nIf-Match: \"a\"", .failed),
        ("If-Unmodified-Since: \(date)", .met), ("If-Unmodified-Since: \(before)", .failed),
        ("If-Unmodified-Since: yesterday", .met),
        ("If-Unmodified-Since: \(before)\r\nIf-Unmodified-Since: \(before)", .met),
        // The order of section 13.2.2: If-Match hides If-Unmodified-Since, and both come before the others.
        ("If-Match: \(ours)\r\nIf-Unmodified-Since: \(before)", .met),
        ("If-Match: \(other)\r\nIf-Unmodified-Since: \(date)", .failed),
        ("If-Match: \(other)\r\nIf-None-Match: \(ours)", .failed),
        ("If-Match: \(ours)\r\nIf-None-Match: \(ours)", .notModified),
        ("If-Unmodified-Since: \(before)\r\nIf-Modified-Since: \(date)", .failed),
        ("If-Unmodified-Since: \(date)\r\nIf-Modified-Since: \(date)", .notModified),
        ("If-Unmodified-Since: \(date)\r\nIf-None-Match: \(other)\r\nIf-Modified-Since: \(date)", .met),
    ])
    func conditionsAreEvaluatedInOrder(fields: String, outcome: Conditions.Outcome) throws {
        let found = try withHead(fields) {
            Conditions.evaluate($0, in: $1, digest: digest, modified: modified)
        }
        #expect(found == outcome)
    }

    @Test func rangeIsTakenUpWhereIfRangeHolds() throws {
        func range(_ fields: String, method: String = "GET") throws -> RangeOutcome {
            try withHead(fields, method: method) {
                Conditions.range($0, in: $1, digest: digest, modified: modified, size: 10)
            }
        }
        let part = RangeOutcome.part(ByteRange(first: 2, count: 2))
        #expect(try range("X: y") == .whole)
        #expect(try range("Range: bytes=2-3") == part)
        #expect(try range("Range: bytes=10-") == .unsatisfiable)
        #expect(try range("Range: bytes=2-3\r\nIf-Range: \(ours)") == part)
        #expect(try range("If-Range: \(date)\r\nRange: bytes=2-3") == part)
        #expect(try range("Range: bytes=2-3\r\nIf-Range: \(other)") == .whole)
        #expect(try range("Range: bytes=10-\r\nIf-Range: \(other)") == .whole)
        #expect(try range("Range: bytes=2-3\r\nIf-Range: \(ours)\r\nIf-Range: \(ours)") == .whole)
        #expect(try range("Range: bytes=2-3\r\nRange: bytes=2-3") == .whole)
        #expect(try range("Range: bytes=2-3", method: "HEAD") == .whole)
    }
}
