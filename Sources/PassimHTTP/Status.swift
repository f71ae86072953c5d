/// A status code of HTTP. Those with a name are the ones that this daemon sends.
package struct Status: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    package static let ok = Status(rawValue: 200)
    package static let partialContent = Status(rawValue: 206)
    package static let found = Status(rawValue: 302)
    package static let notModified = Status(rawValue: 304)
    package static let badRequest = Status(rawValue: 400)
    package static let forbidden = Status(rawValue: 403)
    package static let notFound = Status(rawValue: 404)
    package static let methodNotAllowed = Status(rawValue: 405)
    package static let notAcceptable = Status(rawValue: 406)
    package static let requestTimeout = Status(rawValue: 408)
    package static let preconditionFailed = Status(rawValue: 412)
    package static let contentTooLarge = Status(rawValue: 413)
    package static let uriTooLong = Status(rawValue: 414)
    package static let rangeNotSatisfiable = Status(rawValue: 416)
    package static let expectationFailed = Status(rawValue: 417)
    package static let locked = Status(rawValue: 423)
    package static let headerFieldsTooLarge = Status(rawValue: 431)
    package static let internalServerError = Status(rawValue: 500)
    package static let notImplemented = Status(rawValue: 501)
    package static let serviceUnavailable = Status(rawValue: 503)
    package static let versionNotSupported = Status(rawValue: 505)

    /// All that this daemon sends, the frequent ones first.
    package static let sent: [Status] = [
        .ok, .partialContent, .forbidden, .notFound, .found, .notModified, .badRequest, .methodNotAllowed,
        .notAcceptable, .requestTimeout, .preconditionFailed, .contentTooLarge, .uriTooLong,
        .rangeNotSatisfiable,
        .expectationFailed, .locked, .headerFieldsTooLarge, .internalServerError, .notImplemented,
        .serviceUnavailable, .versionNotSupported,
    ]

    /// The reason phrase of the status line: RFC 9110 section 15, RFC 6585 for 431, RFC 4918 for 423.
    package var reason: StaticString {
        switch rawValue {
        case 200: "OK"
        case 206: "Partial Content"
        case 302: "Found"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 408: "Request Timeout"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 423: "Locked"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Unknown"
        }
    }
}
