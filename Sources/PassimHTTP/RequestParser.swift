package enum ParseOutcome: Sendable, Equatable {
    /// The head is not all there, and nothing in it is wrong yet.
    case incomplete
    case request(RequestHead)
    case rejected(Rejection)
}

/// Reads request heads of HTTP/1.1 and 1.0 (RFC 9112) out of a connection's receive buffer.
///
/// Each byte is looked at once and in order, however the bytes arrive, so that the outcome never depends on
/// how a head was split, and the first thing wrong decides. Strict where peers could disagree on where a
/// message ends; nothing is repaired. A small trivial value: one is kept per connection.
package struct RequestParser: Sendable {
    /// The next byte to look at.
    private var position = 0
    private var line = RequestLineScanner()
    /// Start of the current field line.
    private var fieldStart = 0
    private var fields = FieldCollector()

    package init() {}

    /// Forgets a head that was begun.
    package mutating func reset() {
        self = RequestParser()
    }

    /// Goes on where the last call stopped.
    ///
    /// - Parameter bytes: what has been received since the end of the last head: the same bytes as in the
    ///   last call, and those that came since. What follows the head is not looked at.
    /// - Returns: after `request` or `rejected` the parser is ready for another head.
    package mutating func parse(_ bytes: UnsafeRawBufferPointer) -> ParseOutcome {
        do throws(Rejection) {
            guard let head = try step(bytes) else { return .incomplete }
            reset()
            return .request(head)
        } catch {
            reset()
            return .rejected(error)
        }
    }

    private mutating func step(_ bytes: UnsafeRawBufferPointer) throws(Rejection) -> RequestHead? {
        let end = min(bytes.count, RequestLimits.head)
        if !line.isComplete {
            position = try line.scan(bytes, from: position, to: end)
            fieldStart = position
        }
        if line.isComplete {
            while let field = try nextLine(bytes, to: end) {
                if field.isEmpty { return try finish() }
                try fields.take(field, in: bytes, isHTTP11: line.isHTTP11)
            }
        }
        if end == RequestLimits.head { throw .headTooLarge }
        return nil
    }

    /// The next field line without its CRLF; empty for the end of the head, nil when it is not all there.
    private mutating func nextLine(
        _ bytes: UnsafeRawBufferPointer, to end: Int
    ) throws(Rejection) -> Range<Int>? {
        if position == fieldStart, position < end, ASCII.isWhitespace(bytes[position]) {
            throw .leadingWhitespace
        }
        var place = position
        while place < end, !ASCII.isControl(bytes[place]) || bytes[place] == ASCII.tab { place += 1 }
        position = place
        guard place < end else { return nil }
        guard bytes[place] == ASCII.carriageReturn else { throw .control(bytes[place]) }
        guard place + 1 < end else { return nil }
        guard bytes[place + 1] == ASCII.lineFeed else { throw .bareCarriageReturn }
        let field = fieldStart..<place
        position = place + 2
        fieldStart = position
        return field
    }

    private func finish() throws(Rejection) -> RequestHead {
        // An absolute target does not excuse a client from sending Host.
        if fields.host == nil, line.isHTTP11 { throw .noHost }
        return RequestHead(
            method: line.method,
            target: line.target,
            path: line.path,
            query: line.query,
            isHTTP11: line.isHTTP11,
            keepAlive: fields.keepAlive(isHTTP11: line.isHTTP11),
            host: line.authority ?? fields.host,
            // A condition that cannot be read is not met: then the whole is sent.
            range: fields.ifRange.isRepeated ? nil : fields.range.only,
            ifRange: fields.ifRange.only,
            ifNoneMatch: fields.ifNoneMatch.first,
            hasMoreIfNoneMatch: fields.ifNoneMatch.isRepeated,
            ifModifiedSince: fields.ifModifiedSince.only,
            ifMatch: fields.ifMatch.first,
            hasMoreIfMatch: fields.ifMatch.isRepeated,
            ifUnmodifiedSince: fields.ifUnmodifiedSince.only,
            wantsDigest: fields.wantsDigest,
            expectContinue: fields.expectsContinue && line.isHTTP11,
            declaresBody: fields.declaresBody || line.asksForTunnel,
            length: position)
    }
}
