import PassimTestKit

@testable import PassimHTTP

extension FuzzTarget {
    /// What a connection sends: heads, one behind the other. The second implementation must agree, and
    /// however the bytes arrive, the outcome is the same.
    static let requestHead = FuzzTarget(
        name: "request-head",
        sources: [
            "PassimHTTP/RequestParser.swift", "PassimHTTP/RequestLineScanner.swift",
            "PassimHTTP/FieldCollector.swift", "PassimHTTP/FieldName.swift", "PassimHTTP/CommaList.swift",
            "PassimHTTP/Authority.swift", "PassimHTTP/ByteSet.swift", "PassimHTTP/WantDigest.swift",
        ],
        words: [
            "GET ", "HEAD ", "POST ", " HTTP/1.1\r\n", " HTTP/1.0\r\n", "\r\n", "\r\n\r\n", "\n", "\r", "\0",
            "Host: localhost\r\n", "Host: [::1]:1\r\n", "Connection: close\r\n", "Content-Length: 0\r\n",
            "Transfer-Encoding: chunked\r\n", ", chunked", "Expect: 100-continue\r\n", "https://a", "?", "#",
            " ", "\t", ":", ",", "Range: ", "If-Range: ", "If-None-Match: ", "If-Modified-Since: ",
            "Want-Digest: ", "SHA-256", ";q=0", ";",
        ],
        rounds: 400
    ) { (input) throws(Flaw) in
        var rest = input[...]
        // A pipeline; longer ones are more of the same.
        for _ in 0..<4 {
            let bytes = Array(rest)
            let outcome = parseExactly(bytes)
            try compareWithReference(bytes, outcome)
            try arriveInPieces(bytes, outcome)
            guard case .request(let head) = outcome else { return }
            try check((4...RequestLimits.head).contains(head.length), "a head of \(head.length) bytes")
            rest = rest.dropFirst(head.length)
        }
    }

    private static func parseExactly(_ bytes: [UInt8]) -> Seen {
        var parser = RequestParser()
        return withExactly(bytes) { see(parser.parse($0), in: $0) }
    }

    private static func compareWithReference(_ bytes: [UInt8], _ outcome: Seen) throws(Flaw) {
        // Lines that end any head.
        let ended = bytes + Array("\r\n\r\n\r\n".utf8)
        let seen = parseExactly(ended)
        if outcome != .incomplete { try checkEqual(seen, outcome, "with more behind it") }
        switch (seen, ReferenceParser.parse(ended)) {
        case (.request(let one), .request(let other)): try checkEqual(one, other, "the head is")
        case (.rejected(let status, let reason), .faults(let faults)):
            try check(faults.contains(status), "\(status) \(reason), not of \(faults)")
        case (let one, let other): throw Flaw(description: "\(one), not \(other)")
        }
    }

    private static func arriveInPieces(_ bytes: [UInt8], _ outcome: Seen) throws(Flaw) {
        var random = choices(for: bytes)
        let longest = random.pick([1, 3, 100, 5000])
        var parser = RequestParser()
        var seen = Seen.incomplete
        var end = 0
        // Byte by byte is for short ones.
        var turns = 0
        while end < bytes.count, seen == .incomplete {
            turns += 1
            let piece = turns > 300 ? bytes.count : Int.random(in: 1...longest, using: &random)
            end = min(end + piece, bytes.count)
            seen = withExactly(bytes[..<end]) { see(parser.parse($0), in: $0) }
        }
        try checkEqual(seen, outcome, "in pieces")
    }
}
