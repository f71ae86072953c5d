// From a request's head to the response that answers it.

internal import PassimCore
internal import PassimHTTP
internal import PassimIndex
internal import PassimSystem

extension Connection {
    /// Writes the head of the answer to the reactor's plaintext buffer and sets `response`; or begins a look-up
    /// and sets `pending`.
    func beginResponse(to head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ reactor: Reactor) {
        closesAfterResponse = closesAfterResponse || !head.keepAlive
        announcesKeepAlive = !head.isHTTP11
        beginMeasuring()
        if head.declaresBody {
            // Unread, so nobody knows where the next request begins.
            closesAfterResponse = true
        }
        let route = Route.of(head, bytes, from: peer, reactor.settings)
        switch route {
        case .methodNotAllowed:
            answer(.methodNotAllowed, "Only GET and HEAD are answered here.", to: head, reactor)
        case _ where head.declaresBody:
            answer(.contentTooLarge, "A request here has no content.", to: head, reactor)
        case .local(let request):
            beginPage(request, to: head, reactor)
        case .refused(let status, let reason):
            answer(status, reason, to: head, reactor)
        case .digest(let digest, let allowsLocal):
            answer(with: digest, allowsLocal: allowsLocal, to: head, bytes, reactor)
        }
    }

    /// A head that could not be read: the connection ends behind the answer.
    func beginRejection(_ status: Status, _ reason: StaticString, _ reactor: Reactor) {
        closesAfterResponse = true
        beginMeasuring()
        let body = errorPage(status, reason: "\(reason)")
        stage(status, body: body, isHead: false, reactor) { writer in
            writer.field("Content-Type", Connection.htmlType)
        }
    }

    static var htmlType: StaticString { "text/html; charset=utf-8" }

    // MARK: Rows 7 to 11

    private func answer(
        with digest: Digest, allowsLocal: Bool, to head: RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ reactor: Reactor
    ) {
        if !isLoopback, isCoolingDown(digest, head, bytes, reactor) {
            return answer(
                .forbidden, "This address was sent this file lately: ask another peer, or later.", to: head,
                reactor)
        }
        var unavailable: Entry?
        search: while allowsLocal, let entry = find(digest, but: unavailable, reactor) {
            if entry.flags.contains(.disabled) {
                return answer(.locked, "This file is not shared before the next restart.", to: head, reactor)
            }
            do throws(PreparedFile.Fault) {
                return try answer(with: entry, to: head, bytes, reactor)
            } catch {
                switch error {
                case .stale, .unreadable:
                    // Another file may have the same digest; in the end there is none.
                    reactor.drop(entry, because: error)
                case .unavailable:
                    if unavailable != nil { break search }
                    unavailable = entry
                case .exhausted:
                    reactor.files.removeAll()
                    return answer(
                        .serviceUnavailable, "Too many files are open just now.", to: head, reactor)
                }
            }
        }
        if isLoopback {
            beginLookup(of: digest, to: head, bytes, reactor)
        } else {
            answer(.forbidden, "This file is not shared here.", to: head, reactor)
        }
    }

    /// A file with the digest; where that one may not be sent, another one.
    private func find(_ digest: Digest, but unavailable: Entry?, _ reactor: Reactor) -> Entry? {
        guard let unavailable else { return reactor.state.index.find(digest) }
        // Only published items can be unavailable, of which there is one for a digest.
        return reactor.state.index.entries(digest).first { $0.origin != unavailable.origin }
    }

    /// Row 7: of several origins of a digest, the smallest cooldown counts.
    private func isCoolingDown(
        _ digest: Digest, _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ reactor: Reactor
    ) -> Bool {
        guard let seconds = cooldown(of: digest, reactor), seconds > 0,
            reactor.state.cooldowns.holds(digest, for: peer, now: reactor.now)
        else { return false }
        guard let identity = reactor.state.index.find(digest)?.identity,
            case .part = Conditions.range(
                head, in: bytes, digest: digest, modified: identity.modified.seconds, size: identity.size)
        else { return true }
        return !reactor.state.cooldowns.letsGoOn(digest, for: peer, size: identity.size, now: reactor.now)
    }

    /// Seconds; nil where nobody has the digest any more.
    func cooldown(of digest: Digest, _ reactor: Reactor) -> Int? {
        guard let first = reactor.state.index.find(digest),
            let origin = reactor.state.origins.origin(first.origin)
        else { return nil }
        if origin.cooldown <= 0 { return 0 }
        var smallest = origin.cooldown
        for entry in reactor.state.index.entries(digest) {
            if let other = reactor.state.origins.origin(entry.origin) {
                smallest = min(smallest, other.cooldown)
            }
        }
        return smallest
    }

    // MARK: Content

    private func answer(
        with entry: Entry, to head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ reactor: Reactor
    ) throws(PreparedFile.Fault) {
        guard reactor.state.shares.isAvailable(entry) else { throw .unavailable }
        let file = try prepare(entry, reactor)
        file.lastUsed = reactor.now
        let size = entry.identity.size
        let modified = entry.identity.modified.seconds
        if Conditions.notModified(head, in: bytes, digest: entry.digest, modified: modified) {
            try file.verify()
            return stage(.notModified, body: [], isHead: true, reactor) { writer in
                file.fields.withUnsafeBytes { writer.fields($0) }
            }
        }
        switch Conditions.range(head, in: bytes, digest: entry.digest, modified: modified, size: size) {
        case .whole:
            try stage(.ok, file, first: 0, count: size, head, reactor) { _ in }
        case .part(let part):
            try stage(.partialContent, file, first: part.first, count: part.count, head, reactor) { writer in
                writer.contentRange(part, size: size)
            }
        case .unsatisfiable:
            try file.verify()
            stage(
                .rangeNotSatisfiable,
                body: errorPage(.rangeNotSatisfiable, reason: "The file has \(size) bytes."),
                isHead: head.method == .head, reactor
            ) { writer in
                writer.contentRange(unsatisfiableOf: size)
                writer.field("Content-Type", Connection.htmlType)
            }
        }
    }

    private func prepare(_ entry: Entry, _ reactor: Reactor) throws(PreparedFile.Fault) -> PreparedFile {
        reactor.forgetReplacedOrigins()
        if let file = reactor.files.find(entry) { return file }
        // Gone since, with its directory's drop-in or otherwise.
        guard let path = reactor.state.index.path(of: entry),
            let origin = reactor.state.origins.origin(entry.origin)
        else { throw .stale }
        let descriptors = reactor.settings.values.descriptorsForFiles
        let file: PreparedFile
        do throws(PreparedFile.Fault) {
            file = try PreparedFile(
                entry, path: path, origin: origin, now: reactor.now, descriptors: descriptors)
        } catch {
            guard error == .exhausted, !reactor.files.isEmpty else { throw error }
            // The cache itself may hold what is missing.
            reactor.files.removeAll()
            file = try PreparedFile(
                entry, path: path, origin: origin, now: reactor.now, descriptors: descriptors)
        }
        reactor.files.insert(file)
        return file
    }
}
