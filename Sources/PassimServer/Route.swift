// The rows of the table in passim-protocol(7), HTTPS, in its order: the first that matches decides. No socket, no file,
// no clock.

internal import PassimCore
internal import PassimHTTP

/// The kind of answer to a request.
enum Route {
    /// Row 1.
    case methodNotAllowed
    /// Row 2.
    case local(LocalRequest)
    /// Row 2, and this client may not read it.
    case closed(LocalPath)
    case refused(Status, StaticString)
    /// Rows 7 to 11: what is said next depends on the index.
    case digest(Digest, allowsLocal: Bool)
    /// A path that ends with a digest (`by-hash`).
    case byHash(Digest)
    /// A path where files are to be had by name.
    case name(RawName)

    /// - Parameter own: this end's address of the connection; nil where it is not known.
    static func of(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, from peer: IPAddress, isPlain: Bool,
        at own: @autoclosure () -> IPAddress?, _ settings: ServerState.Settings,
        hasNames: @autoclosure () -> Bool
    ) -> Route {
        guard head.method != .other else { return .methodNotAllowed }
        let query = head.query?.bytes(of: bytes)
        if let path = localPath(head.path.bytes(of: bytes), query) {
            guard !isPlain else { return .refused(.notFound, noFile) }
            let readers = path.isForMonitoring ? settings.values.metricsAllow : settings.values.pageAllow
            guard peer.isLoopback || readers.contains(where: { $0.contains(peer) }) else {
                return .closed(path)
            }
            // A monitor elsewhere asks under whatever name it was given: no browser does, for a page of somebody else.
            if peer.isLoopback || !path.isForMonitoring {
                let host = head.host?.bytes(of: bytes)
                guard settings.hosts.allows(host, at: peer.isLoopback ? nil : own()) else {
                    return .refused(
                        .forbidden,
                        "The Host field does not name this machine: ask for its name, or for its address.")
                }
            }
            return .local(LocalRequest(path: path, query: query.map { Array($0) } ?? []))
        }
        let parsed = Query.parse(query)
        switch parsed {
        case .missing, .withoutDigest:
            switch NamedTarget.parse(head.path.bytes(of: bytes)) {
            case .digest(let digest): return .byHash(digest)
            case .path(let path) where hasNames() && !LocalPath.isReserved(path): return .name(path)
            case .path where hasNames(), .nothing where hasNames(), .notADigest:
                return .refused(.notFound, noFile)
            case .path, .nothing: break
            }
            return .refused(
                .badRequest,
                parsed == .missing
                    ? "The URL has no query: ask with ?sha256= and a digest." : "The query has no sha256=.")
        case .malformed:
            return .refused(
                .badRequest, "The query has more than one sha256=, or a localhost= neither true nor false.")
        case .unacceptable:
            return .refused(.notAcceptable, "The sha256= of the query is not 64 hexadecimal digits.")
        case .digest(let digest, let localhost):
            return .digest(digest, allowsLocal: localhost != false)
        }
    }

    static var noFile: StaticString { "There is no such file here." }

    private static func localPath(
        _ path: UnsafeRawBufferPointer, _ query: UnsafeRawBufferPointer?
    ) -> LocalPath? {
        switch path.count {
        case 1: return .index
        case 7 where "/readyz".utf8.elementsEqual(path):
            return Query.hasDigestParameter(query) ? nil : .readiness
        case 8 where "/metrics".utf8.elementsEqual(path):
            return Query.hasDigestParameter(query) ? nil : .metrics
        case 8 where "/healthz".utf8.elementsEqual(path):
            if Query.hasDigestParameter(query) { return nil }
            return query.map { "ready".utf8.elementsEqual($0) } ?? false ? .readiness : .health
        case 10 where "/style.css".utf8.elementsEqual(path): return .style
        case 12 where "/favicon.ico".utf8.elementsEqual(path): return .icon
        default:
            guard path.count >= 7, "/items/".utf8.elementsEqual(path[..<7]), !Query.hasDigestParameter(query)
            else { return nil }
            return .item(Array(path[7...]))
        }
    }
}

extension LocalPath {
    /// True if it is opened to other machines by `MetricsAllow`, false if it is by `PageAllow`.
    var isForMonitoring: Bool { self == .metrics || self == .health || self == .readiness }
}
