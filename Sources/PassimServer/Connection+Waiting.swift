// Answers that take time: row 11, where a client of this machine asks for what is not here and the network is
// asked, and pages that must be made. The client waits, and the reactor goes on.

internal import PassimCore
internal import PassimHTTP

/// What was waited for.
enum WaitingResult: Sendable {
    case peer(Peer)
    case nobody
    case page(LocalPage)
}

/// A request that waits.
struct PendingAnswer {
    /// What a redirect needs; nil for a page.
    let wanted: (digest: Digest, name: RawName)?
    let isHead: Bool
    /// nil where nothing can be given up.
    let task: Task<Void, Never>?
    var result: WaitingResult?
}

extension Connection {
    func beginLookup(
        of digest: Digest, to head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ reactor: Reactor
    ) {
        guard let lookup = reactor.state.lookup else {
            reactor.counters.note(found: false)
            return answer(.notFound, Connection.nobody, to: head, reactor)
        }
        let name = Redirect.name(ofPath: head.path.bytes(of: bytes))
        let send = sender(reactor)
        let task = Task { send(await lookup.lookUp(digest).map { .peer($0) } ?? .nobody) }
        deadline = reactor.now + reactor.settings.values.timeLimits.lookup
        pending = PendingAnswer(wanted: (digest, name), isHead: head.method == .head, task: task)
    }

    func beginPage(_ request: LocalRequest, to head: RequestHead, _ reactor: Reactor) {
        let pages = reactor.state.pages
        if let asset = pages.asset(request.path) {
            return answer(with: asset, isHead: head.method == .head, reactor)
        }
        let send = sender(reactor)
        deadline = reactor.now + reactor.settings.values.timeLimits.page
        pending = PendingAnswer(wanted: nil, isHead: head.method == .head, task: nil)
        pages.make(request) { send(.page($0)) }
    }

    /// Brings what is waited for to this connection, if it is still there.
    private func sender(_ reactor: Reactor) -> @Sendable (WaitingResult) -> Void {
        let token = token
        let mailbox = reactor.mailbox
        return { _ = mailbox.send(.found(token: token, $0)) }
    }

    /// What was waited for has come.
    func take(_ result: WaitingResult, _ reactor: Reactor) {
        // One of an earlier request, which was given up, would be for another one.
        guard phase == .waiting, pending?.result == nil else { return }
        pending!.result = result
        turn(reactor, [])
    }

    /// A stage of the turn.
    func endWaiting(_ reactor: Reactor) -> Step {
        guard let answer = pending, let result = answer.result else { return .pause }
        pending = nil
        beginMeasuring()
        switch (result, answer.wanted) {
        case (.page(let page), _): self.answer(with: page, isHead: answer.isHead, reactor)
        case (.peer(let peer), let wanted?):
            reactor.counters.note(found: true)
            let location = Redirect.location(of: peer, name: wanted.name, digest: wanted.digest)
            stage(
                .found, body: errorPage(.found, reason: "Another machine of this network shares this file."),
                isHead: answer.isHead, reactor
            ) { writer in
                location.withUnsafeBytes { writer.field("Location", $0) }
                writer.field("Content-Type", Connection.htmlType)
                // It may be another machine the next time.
                writer.field("Cache-Control", "no-store")
            }
        case (.nobody, _), (.peer, nil):
            reactor.counters.note(found: false)
            stage(
                .notFound, body: errorPage(.notFound, reason: "\(Connection.nobody)"), isHead: answer.isHead,
                reactor
            ) { writer in
                writer.field("Content-Type", Connection.htmlType)
            }
        }
        phase = .response
        return .goOn
    }

    private static var nobody: StaticString { "Nobody on this network shares this file." }
}
