/// What libcurl hands over of a response's head, line by line: whether it came whole, and not too long.
struct ResponseHead {
    /// The empty line after the last head was there. Where no body is expected, libcurl takes the end of the
    /// connection for the end of the head.
    private(set) var isComplete = false
    /// Of all heads, those with a status of 1xx too.
    private(set) var byteCount = 0

    /// An `Allow` field of the last head names HEAD: whatever the answer is, it is not the method that was refused.
    private(set) var allowsHead = false

    /// Several times what anybody sends; libcurl itself would take 300 KB.
    static let limit = 16384

    /// - Returns: false where it is too long.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Bool {
        byteCount += line.count
        if line.starts(with: "HTTP/".utf8) { allowsHead = false }
        if ResponseHead.isAllowOfHead(String(decoding: line, as: UTF8.self)) { allowsHead = true }
        isComplete = line.first == 0x0A || line.first == 0x0D && line.count == 2 && line[1] == 0x0A
        return byteCount <= ResponseHead.limit
    }

    /// RFC 9110, 10.2.1: methods, separated by commas; their names have no other case.
    private static func isAllowOfHead(_ line: String) -> Bool {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "allow" else { return false }
        return parts[1].split { $0 == "," || $0.isWhitespace }.contains("HEAD")
    }
}
