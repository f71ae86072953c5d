// The rows of protocol.md's HTTPS table, in its order: the first that matches decides. No socket, no
// file, no clock but what is asked of the closures.

internal import PassimCore
internal import PassimHTTP

/// What a request is to be answered with.
enum Route {
    /// Row 1.
    case methodNotAllowed
    /// Row 2.
    case local(LocalPath)
    case refused(Status, StaticString)
    /// Rows 7 to 11: what is said next depends on the index.
    case digest(Digest, allowsLocal: Bool)

    static func of(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, isLoopback: Bool, hosts: HostCheck
    ) -> Route {
        guard head.method != .other else { return .methodNotAllowed }
        if let path = localPath(head.path.bytes(of: bytes)) {
            guard isLoopback else { return .refused(.forbidden, "This page is for the machine itself only.") }
            guard hosts.allows(head.host?.bytes(of: bytes)) else {
                return .refused(.forbidden, "The Host field does not name this machine.")
            }
            return .local(path)
        }
        switch Query.parse(head.query?.bytes(of: bytes)) {
        case .missing:
            return .refused(.badRequest, "The URL has no query: ask with ?sha256= and a digest.")
        case .malformed:
            return .refused(
                .badRequest, "The query has more than one sha256=, or a localhost= neither true nor false.")
        case .withoutDigest:
            return .refused(.badRequest, "The query has no sha256=.")
        case .unacceptable:
            return .refused(.notAcceptable, "The sha256= of the query is not 64 hexadecimal digits.")
        case .digest(let digest, let localhost):
            return .digest(digest, allowsLocal: localhost != false)
        }
    }

    private static func localPath(_ path: UnsafeRawBufferPointer) -> LocalPath? {
        switch path.count {
        case 1: .index
        case 10 where "/style.css".utf8.elementsEqual(path): .style
        case 12 where "/favicon.ico".utf8.elementsEqual(path): .icon
        default: nil
        }
    }
}
