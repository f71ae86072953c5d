/// What libcurl hands over of a response's head, line by line: whether it came whole, and not too long.
struct ResponseHead {
    /// The empty line after the last head was there. Where no body is expected, libcurl takes the end of the
    /// connection for the end of the head.
    private(set) var isComplete = false
    /// Of all heads, those with a status of 1xx too.
    private(set) var byteCount = 0

    /// Several times what anybody sends; libcurl itself would take 300 KB.
    static let limit = 16384

    /// - Returns: false where it is too long.
    mutating func take(_ line: UnsafeRawBufferPointer) -> Bool {
        byteCount += line.count
        isComplete = line.first == 0x0A || line.first == 0x0D && line.count == 2 && line[1] == 0x0A
        return byteCount <= ResponseHead.limit
    }
}
