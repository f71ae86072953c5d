internal import Logging
internal import PassimCore
internal import PassimSystem

/// Applies `PeerRules` to what is heard, by the addresses that this host has now.
final class PeerFilter: Sendable {
    fileprivate struct State {
        var allowed: [Network]
        var rules: PeerRules?
        /// When the interfaces were looked at.
        var looked: UInt64 = 0
        /// When a refusal may be told of again.
        var quietUntil: UInt64 = 0
    }

    private let state: Lock<State>
    private let logger: Logger

    /// Addresses come and go: what is older is read again, which takes some 50 µs.
    private static let freshness: UInt64 = 1_000_000_000
    /// Anybody can cause such lines.
    private static let silence: UInt64 = 600_000_000_000

    init(allowed: [Network], logger: Logger) {
        state = Lock(State(allowed: allowed))
        self.logger = logger
    }

    /// From now on these networks, besides those that are private or on a link.
    func replace(allowed: [Network]) {
        state.withLock { state in
            state.allowed = allowed
            state.rules = nil
        }
    }

    /// - Parameter interface: where the answer was heard.
    func accepts(_ peer: Peer, heardOn interface: UInt32) -> Bool {
        let now = monotonicNanoseconds()
        let (refusal, isTold) = state.withLock { state in
            let refusal = state.currentRules(at: now).refusal(of: peer, heardOn: interface)
            guard refusal == .far, state.quietUntil <= now else { return (refusal, false) }
            state.quietUntil = now + PeerFilter.silence
            return (refusal, true)
        }
        guard let refusal else { return true }
        if isTold {
            logger.notice(
                """
                a peer at \(peer.address) is passed over: the address is neither on a link of this machine nor private; \
                if it is one of yours, name its network in PeerNetworks= of passim.conf
                """)
        } else {
            logger.debug("a peer at \(peer.address), port \(peer.port), is passed over (\(refusal))")
        }
        return false
    }
}

extension PeerFilter.State {
    fileprivate mutating func currentRules(at now: UInt64) -> PeerRules {
        if let rules, now < looked + PeerFilter.freshness { return rules }
        // Without a list of interfaces, that of before is better than none.
        guard let interfaces = try? NetworkInterface.all() else {
            return rules ?? PeerRules([], allowed: allowed)
        }
        let made = PeerRules(interfaces, allowed: allowed)
        rules = made
        looked = now
        return made
    }
}
