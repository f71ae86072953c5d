/// Why a request was refused before it was understood. The connection is always closed after it: where the
/// next request would begin is not known for certain, and guessing is what request smuggling lives on.
package struct Rejection: Error, Sendable, Equatable {
    package let status: Status
    /// A sentence for the error page.
    package let reason: StaticString

    package init(_ status: Status, _ reason: StaticString) {
        self.status = status
        self.reason = reason
    }

    package static func == (one: Rejection, other: Rejection) -> Bool {
        one.status == other.status && one.reason.description == other.reason.description
    }
}

extension Rejection {
    // Characters that stand nowhere in a head (RFC 9110 section 5.5, RFC 9112 section 2.2).
    static let nul = bad("The head holds a NUL character.")
    static let bareLineFeed = bad("A line ends in LF without CR.")
    static let bareCarriageReturn = bad("A CR is not followed by LF.")
    static let controlCharacter = bad("The head holds a control character.")

    // The request line (RFC 9112 section 3).
    static let emptyLines = bad("Too many empty lines stand before the request line.")
    static let method = bad("The method is not a token.")
    static let emptyTarget = bad("The request target is empty.")
    static let targetWhitespace = bad("The request target holds whitespace.")
    static let fragment = bad("The request target holds a fragment.")
    static let targetForm = bad("The request target is neither a path nor an http or https URL.")
    static let targetAuthority = bad("The host of the request target is malformed.")
    static let noVersion = bad("The request line has no HTTP version.")
    static let version = bad("The HTTP version is malformed, or the request target holds whitespace.")

    // Field lines (RFC 9112 section 5).
    static let leadingWhitespace = bad("A field line begins with whitespace.")
    static let noColon = bad("A field line has no colon.")
    static let emptyFieldName = bad("A field has no name.")
    static let whitespaceBeforeColon = bad("Whitespace stands between a field name and its colon.")
    static let fieldName = bad("A field name is not a token.")

    // Host (RFC 9112 section 3.2).
    static let noHost = bad("The Host field is missing.")
    static let severalHosts = bad("There is more than one Host field.")
    static let host = bad("The Host field is malformed.")

    // Framing (RFC 9112 section 6).
    static let contentLength = bad("The Content-Length field is not a number.")
    static let severalContentLengths = bad("There is more than one Content-Length.")
    static let bothFramings = bad("There are both Content-Length and Transfer-Encoding.")
    static let transferEncoding = bad("The Transfer-Encoding field is malformed.")
    static let chunkedNotLast = bad("A transfer coding follows chunked.")
    static let oldTransferEncoding = bad("HTTP/1.0 has no Transfer-Encoding.")
    static let unknownTransferCoding = Rejection(.notImplemented, "The transfer coding is not known here.")

    static let targetTooLong = Rejection(.uriTooLong, "The request target is too long.")
    static let headTooLarge = Rejection(.headerFieldsTooLarge, "The request head is too large.")
    static let tooManyFields = Rejection(.headerFieldsTooLarge, "The request has too many fields.")
    static let expectation = Rejection(.expectationFailed, "Only 100-continue can be expected.")
    static let unsupportedVersion = Rejection(
        .versionNotSupported, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")

    private static func bad(_ reason: StaticString) -> Rejection {
        Rejection(.badRequest, reason)
    }

    /// For a byte that is a control character other than HTAB.
    static func control(_ byte: UInt8) -> Rejection {
        switch byte {
        case 0: nul
        case ASCII.lineFeed: bareLineFeed
        case ASCII.carriageReturn: bareCarriageReturn
        default: controlCharacter
        }
    }
}
