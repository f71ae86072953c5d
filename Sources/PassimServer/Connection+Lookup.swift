// Row 11: a client of this machine asks for what is not here, and waits while the network is asked.

internal import PassimCore
internal import PassimHTTP

/// What a look-up came to.
enum LookupResult {
    case peer(Peer)
    case nobody
}

/// A request that waits for one.
struct PendingLookup {
    let digest: Digest
    let name: RawName
    let isHead: Bool
    var task: Task<Void, Never>?
    var result: LookupResult?
}

extension Connection {
    func beginLookup(
        of digest: Digest, to head: RequestHead, _ bytes: UnsafeRawBufferPointer, _ reactor: Reactor
    ) {
        guard let lookup = reactor.state.lookup else {
            return answer(.notFound, Connection.nobody, to: head, reactor)
        }
        let name = Redirect.name(ofPath: head.path.bytes(of: bytes))
        let token = token
        let mailbox = reactor.mailbox
        deadline = reactor.now + reactor.settings.values.timeLimits.lookup
        let task = Task {
            let peer = await lookup.lookUp(digest, name: name)
            mailbox.send(.found(token: token, peer.map { .peer($0) } ?? .nobody))
        }
        self.lookup = PendingLookup(digest: digest, name: name, isHead: head.method == .head, task: task)
    }

    /// The answer of the network has come.
    func take(_ result: LookupResult, _ reactor: Reactor) {
        // One of an earlier request, which was given up, would be of another digest.
        guard phase == .lookup, lookup?.result == nil else { return }
        lookup!.result = result
        turn(reactor, [])
    }

    /// A stage of the turn.
    func endLookup(_ reactor: Reactor) -> Step {
        guard let pending = lookup, let result = pending.result else { return .pause }
        lookup = nil
        beginMeasuring()
        switch result {
        case .peer(let peer):
            let location = Redirect.location(of: peer, name: pending.name, digest: pending.digest)
            stage(
                .found, body: errorPage(.found, reason: "Another machine of this network shares this file."),
                isHead: pending.isHead, reactor
            ) { writer in
                location.withUnsafeBytes { writer.field("Location", $0) }
                writer.field("Content-Type", Connection.htmlType)
                // It may be another machine the next time.
                writer.field("Cache-Control", "no-store")
            }
        case .nobody:
            stage(
                .notFound, body: errorPage(.notFound, reason: "\(Connection.nobody)"), isHead: pending.isHead,
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
