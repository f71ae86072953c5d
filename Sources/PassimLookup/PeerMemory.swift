internal import PassimCore

/// The opinion of a peer that says it has a digest. The better ones are asked first, and preferred.
enum PeerRank: Int, Comparable, CaseIterable, Sendable {
    case good
    /// Good, and at a link-local IPv6 address: not every client understands the interface that is part of it (wget,
    /// aria2), and mostly the same peer has another address.
    case linkLocal
    /// It did not answer lately, or denied this digest.
    case bad
    /// It sent wrong bytes of another digest.
    case reported

    static func < (one: PeerRank, other: PeerRank) -> Bool { one.rawValue < other.rawValue }
}

/// All that is remembered of peers. Times are of one clock, which it does not know.
struct PeerMemory: Sendable {
    private struct Claim: Hashable {
        var peer: Peer
        var digest: Digest
    }

    private let limits: LookupLimits
    private var failed: ExpiringTable<Peer>
    private var denied: ExpiringTable<Claim>
    /// Those about mirrors, too.
    var reports: ReportBook

    init(_ limits: LookupLimits) {
        self.limits = limits
        failed = ExpiringTable(capacity: limits.rememberedCount)
        denied = ExpiringTable(capacity: limits.rememberedCount)
        reports = ReportBook(limits)
    }

    /// - Parameter reporter: whose reports count besides root's.
    /// - Returns: nil for a peer that sent wrong bytes of this very digest: "nobody" serves a client better.
    func rank(
        of peer: Peer, for digest: Digest, at now: Duration, reporter: UInt32? = nil
    ) -> PeerRank? {
        switch reports.doubt(of: .peer(peer), for: digest, at: now, reporter: reporter) {
        case .ofThisDigest: return nil
        case .general: return .reported
        case .none: break
        }
        let claim = Claim(peer: peer, digest: digest)
        if failed.contains(peer, at: now) || denied.contains(claim, at: now) { return .bad }
        return peer.address.isLinkLocal && !peer.address.isIPv4 ? .linkLocal : .good
    }

    mutating func note(_ outcome: ProbeOutcome, of peer: Peer, for digest: Digest, at now: Duration) {
        let claim = Claim(peer: peer, digest: digest)
        switch outcome {
        case .confirmed, .refused:
            failed.remove(peer)
            denied.remove(claim)
        case .denied:
            failed.remove(peer)
            denied.insert(claim, until: now + limits.deniedTime, at: now)
        case .failed:
            failed.insert(peer, until: now + limits.failedTime, at: now)
        case .unasked: break
        }
    }
}
