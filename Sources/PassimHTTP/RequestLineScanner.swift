/// Reads `method SP target SP HTTP/1.x CRLF` byte by byte, with up to `RequestLimits.emptyLines` empty lines
/// before it. A wrong byte is refused as soon as it is there.
struct RequestLineScanner: Sendable {
    private enum Phase: Sendable {
        case start
        case emptyLineEnd
        case method
        case target
        case version
        case complete
    }

    private var phase = Phase.start
    private var emptyLines = 0
    /// Start of the current part.
    private var partStart = 0

    private(set) var method = Method.other
    private(set) var target = ByteSlice(start: 0, count: 0)
    private(set) var path = ByteSlice(start: 0, count: 0)
    private(set) var query: ByteSlice?
    /// Authority of an absolute target.
    private(set) var authority: ByteSlice?
    private(set) var isHTTP11 = false
    /// CONNECT: what follows may be a tunnel's already (RFC 9110 section 9.3.6).
    private(set) var asksForTunnel = false

    var isComplete: Bool { phase == .complete }

    /// - Returns: the position after the last byte looked at.
    mutating func scan(
        _ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int
    ) throws(Rejection) -> Int {
        var position = start
        while position < end, phase != .complete {
            let byte = bytes[position]
            switch phase {
            case .start:
                if byte == ASCII.carriageReturn {
                    phase = .emptyLineEnd
                } else {
                    phase = .method
                    partStart = position
                    continue
                }
            case .emptyLineEnd:
                try endEmptyLine(byte)
            case .method:
                try takeMethod(byte, at: position, in: bytes)
            case .target:
                let stop = min(end, partStart + RequestLimits.target)
                while position < stop, RequestLineScanner.isPlain(bytes[position]) { position += 1 }
                if position == end { return position }
                try takeTarget(bytes[position], at: position)
            case .version:
                try takeVersion(byte, offset: position - partStart)
                if phase == .complete { try splitTarget(bytes) }
            case .complete:
                break
            }
            position += 1
        }
        return position
    }

    private mutating func endEmptyLine(_ byte: UInt8) throws(Rejection) {
        guard byte == ASCII.lineFeed else { throw .bareCarriageReturn }
        emptyLines += 1
        if emptyLines > RequestLimits.emptyLines { throw .emptyLines }
        phase = .start
    }

    private mutating func takeMethod(
        _ byte: UInt8, at position: Int, in bytes: UnsafeRawBufferPointer
    ) throws(Rejection) {
        if ByteSet.token.contains(byte) { return }
        if ASCII.isControl(byte), byte != ASCII.tab { throw .control(byte) }
        guard byte == ASCII.space, position > partStart else { throw .method }
        let name = bytes.part(partStart..<position)
        method = name.equals("GET") ? .get : name.equals("HEAD") ? .head : .other
        asksForTunnel = name.equals("CONNECT")
        phase = .target
        partStart = position + 1
    }

    /// Bytes above ASCII are let through: curl sends a URL as it was typed.
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > ASCII.space && byte != 0x7F && byte != ASCII.hash
    }

    private mutating func takeTarget(_ byte: UInt8, at position: Int) throws(Rejection) {
        if byte == ASCII.space {
            guard position > partStart else { throw .emptyTarget }
            target = ByteSlice(partStart..<position)
            phase = .version
            partStart = position + 1
            return
        }
        if byte == ASCII.tab { throw .targetWhitespace }
        // "GET /" was a whole request of HTTP/0.9.
        if byte == ASCII.carriageReturn { throw .noVersion }
        if ASCII.isControl(byte) { throw .control(byte) }
        if byte == ASCII.hash { throw .fragment }
        if position - partStart == RequestLimits.target { throw .targetTooLong }
    }

    private mutating func takeVersion(_ byte: UInt8, offset: Int) throws(Rejection) {
        let expected: StaticString = "HTTP/1.?\r\n"
        switch offset {
        case 5 where ASCII.isDigit(byte) && byte != 0x31:
            throw .unsupportedVersion
        case 7 where ASCII.isDigit(byte):
            // A higher minor version is answered in the highest that we speak (RFC 9110 section 2.5).
            isHTTP11 = byte != ASCII.zero
        case 9 where byte == ASCII.lineFeed:
            phase = .complete
        case 0..<9 where byte == expected.utf8Start[offset] && offset != 7:
            break
        case 9:
            throw .bareCarriageReturn
        default:
            if ASCII.isControl(byte), byte != ASCII.tab, byte != ASCII.carriageReturn { throw .control(byte) }
            throw .version
        }
    }

    /// Only methods that we answer need a form of target that we know: `OPTIONS *` and `CONNECT host:port`
    /// are proper requests, and get their 405.
    private mutating func splitTarget(_ bytes: UnsafeRawBufferPointer) throws(Rejection) {
        let whole = target.range
        var start = whole.lowerBound
        if bytes[start] != ASCII.slash, method != .other {
            start = try skipAuthority(bytes, whole)
        }
        let mark = bytes[start..<whole.upperBound].firstIndex(of: ASCII.questionMark)
        path = ByteSlice(start..<(mark ?? whole.upperBound))
        if let mark { query = ByteSlice(mark + 1..<whole.upperBound) }
        if path.count == 0, method != .other {
            // `https://host?query` means the path "/" (RFC 9110 section 4.2.3): any slash will do for it.
            let scheme = bytes[whole].firstIndex(of: ASCII.slash) ?? whole.lowerBound
            path = ByteSlice(scheme..<scheme + 1)
        }
    }

    /// - Returns: where the path of an absolute target begins.
    private mutating func skipAuthority(
        _ bytes: UnsafeRawBufferPointer, _ whole: Range<Int>
    ) throws(Rejection) -> Int {
        let text = bytes.part(whole)
        let prefix: Int
        if text.startsIgnoringCase(with: "https://") {
            prefix = 8
        } else if text.startsIgnoringCase(with: "http://") {
            prefix = 7
        } else {
            throw .targetForm
        }
        let start = whole.lowerBound + prefix
        let end =
            bytes[start..<whole.upperBound].firstIndex { $0 == ASCII.slash || $0 == ASCII.questionMark }
            ?? whole.upperBound
        guard Authority(bytes.part(start..<end)) != nil else { throw .targetAuthority }
        authority = ByteSlice(start..<end)
        return end
    }
}
