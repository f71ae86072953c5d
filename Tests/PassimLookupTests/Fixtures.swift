import PassimCore
import PassimTestKit

@testable import PassimLookup

func digest(_ number: Int) -> Digest { Digest(words: (UInt64(number), 1, 2, 3)) }

func peer(_ number: Int) -> Peer {
    Peer(address: IPAddress(ipv4: 0xC000_0200 + UInt32(number)), port: 27500)
}

/// A network that a test makes up.
final class Finder: PeerFinder {
    struct State {
        /// Found at once; those of digests that are not here, never.
        var peers: [Digest: [Peer]] = [:]
        var everywhere: [Peer] = []
        /// Whether it ends when these are told.
        var ends = true
        var asked: [Digest] = []
        var active = 0
        var mostActive = 0
        var open: [Digest: AsyncStream<Peer>.Continuation] = [:]
    }

    let state = Lock(State())

    init(_ peers: [Digest: [Peer]] = [:], everywhere: [Peer] = [], ends: Bool = true) {
        state.withLock { state in
            state.peers = peers
            state.everywhere = everywhere
            state.ends = ends
        }
    }

    func peers(with digest: Digest) -> AsyncStream<Peer> {
        let (stream, continuation) = AsyncStream.makeStream(of: Peer.self)
        continuation.onTermination = { [state] _ in
            state.withLock { $0.active -= 1 }
        }
        let (found, ends) = state.withLock { state in
            state.asked.append(digest)
            state.active += 1
            state.mostActive = max(state.mostActive, state.active)
            if !state.ends { state.open[digest] = continuation }
            return (state.everywhere + state.peers[digest, default: []], state.ends)
        }
        for peer in found { continuation.yield(peer) }
        if ends { continuation.finish() }
        return stream
    }

    var asked: [Digest] { state.withLock { $0.asked } }
    var active: Int { state.withLock { $0.active } }
    var mostActive: Int { state.withLock { $0.mostActive } }

    func end(_ digest: Digest) {
        let continuation = state.withLock { $0.open.removeValue(forKey: digest) }
        continuation?.finish()
    }
}

/// Peers that a test makes up.
final class Probe: PeerProbe {
    struct Question: Hashable {
        var peer: Peer
        var digest: Digest
    }

    struct State {
        var outcomes: [Peer: ProbeOutcome]
        /// Until they are cancelled.
        var hanging: Set<Peer>
        var asked: [Question] = []
        var active = 0
        var mostActive = 0
        /// Answers wait for so many questions of the same digest.
        var together = 1
    }

    let state: Lock<State>

    init(_ outcomes: [Peer: ProbeOutcome], hanging: Set<Peer> = [], together: Int = 1) {
        state = Lock(State(outcomes: outcomes, hanging: hanging, together: together))
    }

    func probe(_ peer: Peer, for digest: Digest, within limit: Duration) async -> ProbeOutcome {
        let (outcome, hangs, together) = state.withLock { state in
            state.asked.append(Question(peer: peer, digest: digest))
            state.active += 1
            state.mostActive = max(state.mostActive, state.active)
            return (state.outcomes[peer] ?? .failed, state.hanging.contains(peer), state.together)
        }
        defer { state.withLock { $0.active -= 1 } }
        if together > 1 {
            _ = await becomesTrue { state.withLock { $0.asked.count { $0.digest == digest } >= together } }
        }
        guard hangs else { return outcome }
        try? await Task.sleep(for: .seconds(3600))
        return .unasked
    }

    var asked: [Question] { state.withLock { $0.asked } }
    var active: Int { state.withLock { $0.active } }

    func asked(for digest: Digest) -> [Peer] { asked.filter { $0.digest == digest }.map(\.peer) }
}

extension PeerSearch {
    /// - Parameter user: nil is one who cannot be told.
    func lookUp(_ digest: Digest, by user: UInt32? = nil) async -> Peer? {
        await lookUp(digest, client: LookupClient { user })?.peer
    }

    func found(with digest: Digest, for user: UInt32) async -> [Peer] {
        await findPeers(with: digest, for: user).compactMap(\.peer)
    }

    func report(_ peer: Peer, digest: Digest, by user: UInt32) {
        report(.peer(peer), digest: digest, by: user)
    }
}

/// One at a link-local address of the sixth version.
func linkLocalPeer(_ number: Int) -> Peer {
    Peer(address: IPAddress(high: 0xFE80 << 48, low: UInt64(number), scope: 2), port: 27500)
}

extension ServingPlace {
    /// nil for a mirror.
    var peer: Peer? { if case .peer(let peer) = self { peer } else { nil } }
}

extension PeerMemory {
    mutating func report(_ peer: Peer, for digest: Digest, by user: UInt32, at now: Duration) {
        reports.report(.peer(peer), for: digest, by: user, at: now)
    }
}

func address(_ number: Int) -> IPAddress { peer(number).address }

func mirror(_ number: Int) -> MirrorHost { MirrorHost(name: "mirror\(number)") }

let box = MirrorHost(name: "box")
let other = MirrorHost(name: "other")
