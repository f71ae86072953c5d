// From a request's head to what answers it.

internal import PassimCore
internal import PassimHTTP
internal import PassimIndex
internal import PassimSystem

extension Connection {
    /// Writes the head of the answer to the reactor's plaintext buffer and sets `response`; or begins a look-up
    /// and sets `pending`.
    func beginResponse(to head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ reactor: Reactor) {
        answering = nil
        closesAfterResponse = closesAfterResponse || !head.keepAlive
        announcesKeepAlive = !head.isHTTP11
        beginMeasuring()
        if head.declaresBody {
            // Unread, so nobody knows where the next request begins.
            closesAfterResponse = true
        }
        let route = Route.of(
            head, bytes, from: peer, isPlain: isPlain, at: ownAddress, reactor.settings,
            hasNames: reactor.state.origins.hasNames)
        switch route {
        case .methodNotAllowed:
            answer(.methodNotAllowed, "Only GET and HEAD are answered here.", to: head, reactor)
        case _ where head.declaresBody:
            answer(.contentTooLarge, "A request here has no content.", to: head, reactor)
        case .local(let request):
            beginPage(request, to: head, reactor)
        case .closed(let path):
            answer(.forbidden, because: wayIn(to: path), to: head, reactor)
        case .refused(let status, let reason):
            answer(status, reason, to: head, reactor)
        case .digest(let digest, let allowsLocal):
            answering = .file
            let search = FileSearch(.digest(digest, isInPath: false))
            if allowsLocal {
                begin(search, of: digest, to: head, bytes, reactor)
            } else {
                answerForNone(search, to: head, bytes, reactor)
            }
        case .byHash(let digest):
            answering = .file
            begin(FileSearch(.digest(digest, isInPath: true)), of: digest, to: head, bytes, reactor)
        case .name(let path):
            answering = .file
            let search = FileSearch(.names(reactor.state.origins.files(named: path)))
            guard let entry = search.next(reactor.state.index) else {
                return answerForNone(search, to: head, bytes, reactor)
            }
            begin(search, of: entry.digest, to: head, bytes, reactor)
        }
    }

    /// How somebody who may not read a page gets to it.
    private func wayIn(to path: LocalPath) -> String {
        let key = path.isForMonitoring ? "MetricsAllow" : "PageAllow"
        let opened =
            "This page is for the machine itself. To open it to this address, its administrator writes "
            + "\(key)=\(peer) into [daemon] of /etc/passim.conf there, and runs: systemctl reload passim."
        guard let address = ownAddress, let port = ownPort else { return opened }
        return
            "\(opened) With an account there, this brings it here: ssh -L \(port):localhost:\(port) \(address), "
            + "and then https://localhost:\(port)/"
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

    private func begin(
        _ search: FileSearch, of digest: Digest, to head: RequestHead, _ bytes: UnsafeRawBufferPointer,
        _ reactor: Reactor
    ) {
        if !isLoopback, isCoolingDown(digest, head, bytes, reactor) {
            return answer(
                .forbidden, "This address was sent this file lately: ask another peer, or later.", to: head,
                reactor)
        }
        self.search(search, to: head, bytes, reactor)
    }

    /// Rows 10 and 11 for a digest in the query. For a path there is no look-up: whoever asks so wants this mirror's
    /// file, and goes on to another one where it is not there.
    func answerForNone(
        _ search: FileSearch, to head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ reactor: Reactor
    ) {
        switch search.subject {
        case .digest(let digest, isInPath: false) where isLoopback:
            beginLookup(of: digest, to: head, bytes, reactor)
        case .digest(_, isInPath: false):
            answer(.forbidden, "This file is not shared here.", to: head, reactor)
        case .names(let files) where files.contains(where: \.isPending):
            answerLater(
                "This file is being read to learn its digest: ask again soon.", isHead: head.method == .head,
                reactor)
        case .digest, .names: answer(.notFound, Route.noFile, to: head, reactor)
        }
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
}
