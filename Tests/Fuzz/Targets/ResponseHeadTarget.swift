import PassimCore

@testable import PassimFetch

extension FuzzTarget {
    /// The head of a peer's answer, as libcurl hands it over: line by line.
    static let responseHead = FuzzTarget(
        name: "response-head",
        sources: ["PassimFetch/ResponseHead.swift", "PassimFetch/ContentRange.swift"],
        words: [
            "HTTP/1.1 200 OK\r\n", "HTTP/1.1 206 Partial Content\r\n", "HTTP/1.1 403 Forbidden\r\n", "\r\n",
            "\n",
            "Content-Range: bytes ", "content-range:", "0-0/1", "5-9/10", "Allow: GET, HEAD\r\n", "HEAD", ",",
            "-", "/", "*", " ", "\t", ":", "18446744073709551615", "18446744073709551616", "\u{301}", "٠",
        ],
        rounds: 1000
    ) { (input) throws(Flaw) in
        var head = ResponseHead()
        var rest = input[...]
        var taken: [[UInt8]] = []
        while !rest.isEmpty {
            let line = Array(rest.prefix(through: rest.firstIndex(of: 0x0A) ?? rest.endIndex - 1))
            rest = rest.dropFirst(line.count)
            taken.append(line)
            let isTaken = withExactly(line) { head.take($0) }
            try checkEqual(isTaken, input.count - rest.count <= ResponseHead.limit, "taken")
            if !isTaken { break }
        }
        let expected = ReferenceResponse(taken)
        try checkEqual(head.isComplete, expected.isComplete, "complete")
        try checkEqual(head.contentRange, expected.contentRange, "the range")
        try checkEqual(head.allowsHead, expected.allowsHead, "HEAD is allowed")
        if let range = head.contentRange {
            try check(range.first <= range.last && range.last < range.length, "\(range)")
        }
    }
}
