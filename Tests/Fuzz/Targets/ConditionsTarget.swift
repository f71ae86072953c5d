import PassimCore

@testable import PassimHTTP

extension FuzzTarget {
    /// A line with the file's size and the time of its change, and lines of a request's head below it.
    static let conditions = FuzzTarget(
        name: "conditions",
        sources: [
            "PassimHTTP/Conditions.swift", "PassimHTTP/ByteRange.swift", "PassimHTTP/EntityTag.swift",
            "PassimHTTP/HTTPDate+Parsing.swift", "PassimHTTP/CommaList.swift",
        ],
        words: [
            "Range: bytes=", "Range: ", "bytes=0-", "bytes=-5", "-", ",", "If-Range: ", "If-None-Match: ",
            "If-Modified-Since: ", "If-Match: ", "If-Unmodified-Since: ", "\n", "W/", "\"", "*",
            "\"\(ReferenceConditions.hex)\"",
            ReferenceConditions.hex,
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            "18446744073709551615", "18446744073709551616", "253402300799", "-1", " ", "\t", "Feb", "29",
        ],
        rounds: 1500
    ) { (input) throws(Flaw) in
        let lines = input.split(separator: 0x0A, omittingEmptySubsequences: false)
        let numbers = lines[0].split(separator: 0x20).map { String(decoding: $0, as: UTF8.self) }
        let size = numbers.first.flatMap { UInt64($0) } ?? 10
        let modified = numbers.dropFirst().first.flatMap { Int64($0) } ?? 784_111_777
        let fields = lines.dropFirst().filter { !$0.isEmpty }.flatMap { $0 + [0x0D, 0x0A] }
        // What is behind the head is somebody else's.
        let text =
            Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8) + fields + Array("\r\nIf-None-Match: *\r\n".utf8)
        try withExactly(text) { (bytes) throws(Flaw) in
            var parser = RequestParser()
            guard case .request(let head) = parser.parse(bytes) else { return }
            let reference = ReferenceConditions(
                head: bytes.prefix(head.length), size: size, modified: modified)
            let digest = ReferenceConditions.digest
            try checkEqual(
                Conditions.evaluate(head, in: bytes, digest: digest, modified: modified),
                reference.outcome, "the conditions")
            let range = Conditions.range(head, in: bytes, digest: digest, modified: modified, size: size)
            try checkEqual(range, reference.range, "the range")
            if case .part(let part) = range {
                try check(
                    part.count > 0 && part.first < size && part.count <= size - part.first,
                    "\(part) of \(size) bytes")
            }
        }
    }
}
