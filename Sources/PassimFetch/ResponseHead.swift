/// A response's head as libcurl hands it over, line by line: it tells if it came whole, and not too long.
struct ResponseHead {
    /// The empty line after the last head was there. Where no body is expected, libcurl takes the end of the
    /// connection for the end of the head.
    private(set) var isComplete = false
    /// Bytes of all heads, those with a status of 1xx too.
    private(set) var byteCount = 0

    /// An `Allow` field of the last head names HEAD: whatever the answer is, it is not the method that was refused.
    private(set) var allowsHead = false

    /// `Content-Range` of the last head; nil where it has none, or none that makes sense.
    private(set) var contentRange: ContentRange?

    /// Several times what anybody sends; libcurl itself would take 300 KB.
    static let limit = 16384

    /// - Returns: false where it is too long.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Bool {
        byteCount += line.count
        if line.starts(with: "HTTP/".utf8) {
            allowsHead = false
            contentRange = nil
        }
        // A line end within the line is part of the value, and makes sense in none (RFC 9110, 5.5).
        read(line.last == 0x0A ? line.dropLast(line.suffix(2).first == 0x0D ? 2 : 1) : line[...])
        isComplete = line.first == 0x0A || line.first == 0x0D && line.count == 2 && line[1] == 0x0A
        return byteCount <= ResponseHead.limit
    }

    /// Bytes, not characters: a combining accent behind the colon is part of the value, and leaves the colon one.
    private mutating func read(_ line: Slice<UnsafeRawBufferPointer>) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return }
        let value = Substring(decoding: line[(colon + 1)...], as: UTF8.self)
        switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
        case "allow": if ResponseHead.namesHead(value) { allowsHead = true }
        case "content-range": contentRange = ContentRange(value)
        default: break
        }
    }

    /// RFC 9110, 10.2.1: methods, separated by commas; their names have no other case.
    private static func namesHead(_ methods: Substring) -> Bool {
        methods.utf8.split { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            .contains { $0.elementsEqual("HEAD".utf8) }
    }
}
