@testable import PassimHTTP

/// What a head says, as values that can be compared without its bytes.
struct HeadView: Equatable {
    var method = Method.other
    var target = ""
    var path = ""
    var query: String?
    var isHTTP11 = true
    var keepAlive = true
    var host: String?
    var range: String?
    var ifRange: String?
    var ifNoneMatch: String?
    var hasMoreIfNoneMatch = false
    var ifModifiedSince: String?
    var ifMatch: String?
    var hasMoreIfMatch = false
    var ifUnmodifiedSince: String?
    var wantsDigest = false
    var expectContinue = false
    var declaresBody = false
    var length = 0
}

extension HeadView {
    init(_ head: RequestHead, in bytes: UnsafeRawBufferPointer) {
        func text(_ slice: ByteSlice?) -> String? { slice.map { latin1($0.bytes(of: bytes)) } }
        method = head.method
        target = text(head.target)!
        path = text(head.path)!
        query = text(head.query)
        isHTTP11 = head.isHTTP11
        keepAlive = head.keepAlive
        host = text(head.host)
        range = text(head.range)
        ifRange = text(head.ifRange)
        ifNoneMatch = text(head.ifNoneMatch)
        hasMoreIfNoneMatch = head.hasMoreIfNoneMatch
        ifModifiedSince = text(head.ifModifiedSince)
        ifMatch = text(head.ifMatch)
        hasMoreIfMatch = head.hasMoreIfMatch
        ifUnmodifiedSince = text(head.ifUnmodifiedSince)
        wantsDigest = head.wantsDigest
        expectContinue = head.expectContinue
        declaresBody = head.declaresBody
        length = head.length
    }
}

/// One character a byte.
func latin1(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes { text.unicodeScalars.append(Unicode.Scalar(byte)) }
    return text
}

/// The bytes of a text made by `latin1`.
func latin1Bytes(_ text: String) -> [UInt8] {
    text.unicodeScalars.map { UInt8($0.value) }
}

enum Seen: Equatable {
    case incomplete
    case request(HeadView)
    case rejected(UInt16, String)
}

/// One call with everything.
func parse(_ bytes: some Collection<UInt8>) -> Seen {
    var parser = RequestParser()
    return Array(bytes).withUnsafeBytes { see(parser.parse($0), in: $0) }
}

func parse(_ text: String) -> Seen {
    parse(Array(text.utf8))
}

func see(_ outcome: ParseOutcome, in bytes: UnsafeRawBufferPointer) -> Seen {
    switch outcome {
    case .incomplete: .incomplete
    case .request(let head): .request(HeadView(head, in: bytes))
    case .rejected(let rejection): .rejected(rejection.status.rawValue, rejection.reason.description)
    }
}

func parsedHead(_ text: String) -> HeadView? {
    guard case .request(let head) = parse(text) else { return nil }
    return head
}
