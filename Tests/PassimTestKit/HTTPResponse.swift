/// An HTTP/1 response as a test looks at it; parsed by rules of its own, not by the daemon's.
package struct HTTPResponse: Sendable {
    /// `HTTP/1.1`, as it came.
    package var version: String
    package var status: Int
    /// In their order, names as they came.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8] = []

    /// - Parameter head: up to and including the empty line.
    /// - Throws: where it is not a status line and header lines with CRLF.
    package init(head: [UInt8]) throws {
        let text = String(decoding: head, as: UTF8.self)
        var lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map { Substring($0) }
        func malformed(_ what: String) -> TestFailure { TestFailure("\(what) in the response head: \(text)") }
        guard lines.popLast() == "", lines.allSatisfy({ $0.utf8.last == 0x0D }) else {
            throw malformed("line without CRLF")
        }
        lines = lines.map { Substring($0.utf8.dropLast()) }
        guard lines.popLast() == "", !lines.isEmpty else { throw malformed("no empty line") }
        let parts = lines.removeFirst().split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].hasPrefix("HTTP/"), parts[1].count == 3, let status = Int(parts[1])
        else {
            throw malformed("no status line")
        }
        version = String(parts[0])
        self.status = status
        headers = try lines.map { line in
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw malformed("no colon")
            }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return (String(line[..<colon]), String(value))
        }
    }

    /// What `curl -i` printed: a head, and all that follows it.
    package init(whole bytes: [UInt8]) throws {
        guard let end = HTTPResponse.headEnd(in: bytes) else { throw TestFailure("no response head") }
        try self.init(head: Array(bytes[..<end]))
        body = Array(bytes[end...])
    }

    /// Where the empty line ends.
    static func headEnd(in bytes: [UInt8]) -> Int? {
        var matched = 0
        let end: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A]
        for (position, byte) in bytes.enumerated() {
            matched = byte == end[matched] ? matched + 1 : (byte == 0x0D ? 1 : 0)
            if matched == 4 { return position + 1 }
        }
        return nil
    }

    /// The value of a header that is there exactly once; nil where it is missing, or there twice.
    package subscript(_ name: String) -> String? {
        let values = self.values(of: name)
        return values.count == 1 ? values[0] : nil
    }

    package func values(of name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    package var text: String { String(decoding: body, as: UTF8.self) }
}
