// Answers that take time: row 11, where a client of this machine asks for what is not here and the network is
// asked, pages that must be made, and files that a disk has to be waited for. The client waits, and the reactor goes on.

internal import PassimCore
internal import PassimHTTP

/// The result of a wait.
enum WaitingResult: Sendable {
    case place(ServingPlace)
    case nobody
    case page(LocalPage)
    case file(FileWork.Outcome)
}

/// A request that waits.
struct PendingAnswer {
    enum Subject {
        /// Inputs of a redirect, and the search.
        case peer(digest: Digest, name: RawName, Task<Void, Never>)
        case page
        case file(PendingFile)
    }

    let subject: Subject
    let isHead: Bool
    var result: WaitingResult?

    /// Nobody waits any more.
    func cancel(_ reactor: Reactor) {
        switch subject {
        case .peer(_, _, let task): task.cancel()
        case .page: break
        case .file(let file): reactor.state.threads.cancel(file.job)
        }
    }
}

extension Connection {
    func beginLookup(
        of digest: Digest, to head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ reactor: Reactor
    ) {
        answering = .lookup
        guard let lookup = reactor.state.lookup else {
            reactor.counters.note(found: false)
            return answer(.notFound, Connection.nobody, to: head, reactor)
        }
        let name = Redirect.name(ofPath: head.path.bytes(of: bytes))
        let send = sender(reactor)
        let client = lookupClient
        let task = Task {
            send(await lookup.lookUp(digest, client: client).map { .place($0) } ?? .nobody)
        }
        deadline = reactor.now + reactor.settings.values.timeLimits.lookup
        pending = PendingAnswer(
            subject: .peer(digest: digest, name: name, task), isHead: head.method == .head)
    }

    func beginPage(_ request: LocalRequest, to head: RequestHead, _ reactor: Reactor) {
        answering = .page
        let pages = reactor.state.pages
        if let asset = pages.asset(request.path) {
            return answer(with: asset, isHead: head.method == .head, reactor)
        }
        let send = sender(reactor)
        deadline = reactor.now + reactor.settings.values.timeLimits.page
        pending = PendingAnswer(subject: .page, isHead: head.method == .head)
        pages.make(request) { send(.page($0)) }
    }

    /// Brings what is waited for from now on to this connection, if it is still there.
    func sender(_ reactor: Reactor) -> @Sendable (WaitingResult) -> Void {
        waits &+= 1
        let (token, wait) = (token, waits)
        let mailbox = reactor.mailbox
        return { _ = mailbox.send(.found(token: token, wait: wait, $0)) }
    }

    /// Takes what was waited for.
    func take(_ result: WaitingResult, of wait: UInt32, _ reactor: Reactor) {
        // That of an earlier wait, which was given up, is of no use to this one.
        guard wait == waits else { return }
        if phase == .waiting, pending?.result == nil {
            pending!.result = result
        } else if phase == .response, case .file(let outcome) = result, response?.reading != nil {
            response!.take(outcome)
        } else {
            return
        }
        turn(reactor, [])
    }

    /// A stage of the turn.
    func endWaiting(_ reactor: Reactor) -> Step {
        guard let answer = pending, let result = answer.result else { return .pause }
        pending = nil
        beginMeasuring()
        switch (result, answer.subject) {
        case (.page(let page), _): self.answer(with: page, isHead: answer.isHead, reactor)
        case (.file(let outcome), .file(let file)): endWaiting(for: file, outcome, reactor)
        case (.place(let place), .peer(let digest, let name, _)):
            reactor.counters.note(found: true)
            let location = Redirect.location(of: place, name: name, digest: digest)
            stage(
                .found, body: errorPage(.found, reason: "Another machine of this network shares this file."),
                isHead: answer.isHead, reactor
            ) { writer in
                location.withUnsafeBytes { writer.field("Location", $0) }
                writer.field("Content-Type", Connection.htmlType)
                // It may be another machine the next time.
                writer.field("Cache-Control", "no-store")
            }
        case (.nobody, _), (.place, _), (.file, _):
            reactor.counters.note(found: false)
            stage(
                .notFound, body: errorPage(.notFound, reason: "\(Connection.nobody)"), isHead: answer.isHead,
                reactor
            ) { writer in
                writer.field("Content-Type", Connection.htmlType)
            }
        }
        // The next file may have to be waited for, or the network to be asked after all.
        respondOrWait(reactor)
        return .goOn
    }

    private static var nobody: StaticString { "Nobody on this network shares this file." }
}
