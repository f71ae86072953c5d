/// Takes the field lines of a head one by one: checks their form, keeps what serving needs, and refuses
/// whatever leaves open where the message ends (RFC 9112 sections 5 and 6).
struct FieldCollector: Sendable {
    /// A field of which one line is enough: the first, and whether more came.
    struct Repeatable: Sendable {
        private(set) var first: ByteSlice?
        private(set) var isRepeated = false

        /// The value, where there is exactly one.
        var only: ByteSlice? { isRepeated ? nil : first }

        mutating func take(_ place: Range<Int>) {
            if first == nil {
                first = ByteSlice(place)
            } else {
                isRepeated = true
            }
        }
    }

    private(set) var host: ByteSlice?
    private(set) var range = Repeatable()
    private(set) var ifRange = Repeatable()
    private(set) var ifNoneMatch = Repeatable()
    private(set) var ifModifiedSince = Repeatable()
    private(set) var ifMatch = Repeatable()
    private(set) var ifUnmodifiedSince = Repeatable()
    private(set) var wantsDigest = false
    private(set) var expectsContinue = false
    private(set) var declaresBody = false

    private var lines = 0
    private var saysClose = false
    private var saysKeepAlive = false
    private var hasContentLength = false
    private var hasTransferEncoding = false
    private var isChunked = false

    /// RFC 9112 section 9.3: `close` wins, and HTTP/1.0 has to ask.
    func keepAlive(isHTTP11: Bool) -> Bool {
        !saysClose && (isHTTP11 || saysKeepAlive)
    }

    /// - Parameter line: without its CRLF, not empty, and free of control characters but HTAB.
    mutating func take(
        _ line: Range<Int>, in bytes: UnsafeRawBufferPointer, isHTTP11: Bool
    ) throws(Rejection) {
        lines += 1
        if lines > RequestLimits.fields { throw .tooManyFields }
        var colon = line.lowerBound
        while colon < line.upperBound, ByteSet.token.contains(bytes[colon]) { colon += 1 }
        guard colon < line.upperBound, bytes[colon] == ASCII.colon else {
            throw FieldCollector.wrongName(bytes.part(line), tokenEnd: colon - line.lowerBound)
        }
        if colon == line.lowerBound { throw .emptyFieldName }
        let place = bytes.trimmedRange(colon + 1..<line.upperBound)
        let value = bytes.part(place)

        switch FieldName(bytes.part(line.lowerBound..<colon)) {
        case .host: try takeHost(value, place)
        case .connection: takeConnection(value)
        case .contentLength: try takeContentLength(value)
        case .transferEncoding: try takeTransferEncoding(value, isHTTP11: isHTTP11)
        case .expect: try takeExpect(value)
        case .range: range.take(place)
        case .ifRange: ifRange.take(place)
        case .ifNoneMatch: ifNoneMatch.take(place)
        case .ifModifiedSince: ifModifiedSince.take(place)
        case .ifMatch: ifMatch.take(place)
        case .ifUnmodifiedSince: ifUnmodifiedSince.take(place)
        case .wantDigest: if WantDigest.acceptsSHA256(value) { wantsDigest = true }
        case .other: break
        }
    }

    private static func wrongName(_ line: UnsafeRawBufferPointer, tokenEnd: Int) -> Rejection {
        guard line.contains(ASCII.colon) else { return .noColon }
        var end = tokenEnd
        while end < line.count, ASCII.isWhitespace(line[end]) { end += 1 }
        return end > tokenEnd && line[end] == ASCII.colon ? .whitespaceBeforeColon : .fieldName
    }

    private mutating func takeHost(_ value: UnsafeRawBufferPointer, _ place: Range<Int>) throws(Rejection) {
        if host != nil { throw .severalHosts }
        guard Authority(value) != nil else { throw .host }
        host = ByteSlice(place)
    }

    private mutating func takeConnection(_ value: UnsafeRawBufferPointer) {
        for option in CommaList(value) {
            if option.equalsIgnoringCase("close") { saysClose = true }
            if option.equalsIgnoringCase("keep-alive") { saysKeepAlive = true }
        }
    }

    /// Two are refused even where they agree: some other party may read one and we the other. The number
    /// itself is not needed, as no content is ever read: one too big for a word is no special case.
    private mutating func takeContentLength(_ value: UnsafeRawBufferPointer) throws(Rejection) {
        if hasTransferEncoding { throw .bothFramings }
        if hasContentLength { throw .severalContentLengths }
        hasContentLength = true
        if value.isEmpty { throw .contentLength }
        for digit in value {
            guard ASCII.isDigit(digit) else { throw .contentLength }
            if digit != ASCII.zero { declaresBody = true }
        }
    }

    private mutating func takeTransferEncoding(
        _ value: UnsafeRawBufferPointer, isHTTP11: Bool
    ) throws(Rejection) {
        if hasContentLength { throw .bothFramings }
        guard isHTTP11 else { throw .oldTransferEncoding }
        hasTransferEncoding = true
        var isEmpty = true
        for coding in CommaList(value) {
            isEmpty = false
            if isChunked { throw .chunkedNotLast }
            guard coding.equalsIgnoringCase("chunked") else {
                // Chunked takes no parameters (RFC 9112 section 7), other codings may.
                let name = coding.part(
                    0..<(coding.firstIndex { !ByteSet.token.contains($0) } ?? coding.count))
                if name.isEmpty || name.equalsIgnoringCase("chunked") { throw .transferEncoding }
                throw .unknownTransferCoding
            }
            isChunked = true
        }
        if isEmpty { throw .transferEncoding }
        declaresBody = true
    }

    private mutating func takeExpect(_ value: UnsafeRawBufferPointer) throws(Rejection) {
        for expectation in CommaList(value) {
            guard expectation.equalsIgnoringCase("100-continue") else { throw .expectation }
            expectsContinue = true
        }
    }
}
