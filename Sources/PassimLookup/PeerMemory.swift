internal import PassimCore

/// The opinion of a peer that says it has a digest. The better ones are asked first, and preferred.
enum Standing: Int, Comparable, CaseIterable, Sendable {
    case good
    /// Good, and at a link-local IPv6 address: not every client understands the interface that is part of it (wget,
    /// aria2), and mostly the same peer has another address.
    case linkLocal
    /// It did not answer lately, or denied this digest.
    case bad
    /// It sent wrong bytes of another digest.
    case reported

    static func < (one: Standing, other: Standing) -> Bool { one.rawValue < other.rawValue }
}

/// All that is remembered of peers. Times are of one clock, which it does not know.
struct PeerMemory: Sendable {
    private struct Claim: Hashable {
        var peer: Peer
        var digest: Digest
    }

    /// The reports of one user.
    private struct Reports {
        var peers: ExpiringTable<Peer>
        var claims: ExpiringTable<Claim>
        /// When the last of them ends.
        var end: Duration = .zero

        init(capacity: Int) {
            peers = ExpiringTable(capacity: capacity)
            claims = ExpiringTable(capacity: capacity)
        }

        mutating func add(_ claim: Claim, until end: Duration, at now: Duration) {
            peers.insert(claim.peer, until: end, at: now)
            claims.insert(claim, until: end, at: now)
            self.end = end
        }
    }

    private let limits: LookupLimits
    private var failed: ExpiringTable<Peer>
    private var denied: ExpiringTable<Claim>
    /// For all users.
    private var reportsOfRoot: Reports
    /// Each for this user.
    private var reports: [UInt32: Reports] = [:]

    init(_ limits: LookupLimits) {
        self.limits = limits
        failed = ExpiringTable(capacity: limits.rememberedCount)
        denied = ExpiringTable(capacity: limits.rememberedCount)
        reportsOfRoot = Reports(capacity: limits.rememberedCount)
    }

    /// True if users other than root have reported anything.
    var hasReporters: Bool { !reports.isEmpty }

    /// - Returns: the user, if reports of its own hold; nil if it is like everybody.
    func reporter(_ user: UInt32?, at now: Duration) -> UInt32? {
        guard let user, let reports = reports[user], reports.end > now else { return nil }
        return user
    }

    /// - Parameter reporter: whose reports count besides root's.
    /// - Returns: nil for a peer that sent wrong bytes of this very digest: "nobody" serves a client better.
    func standing(
        of peer: Peer, for digest: Digest, at now: Duration, reporter: UInt32? = nil
    ) -> Standing? {
        let claim = Claim(peer: peer, digest: digest)
        let believed = [reportsOfRoot] + (reporter.flatMap { reports[$0] }.map { [$0] } ?? [])
        if believed.contains(where: { $0.claims.contains(claim, at: now) }) { return nil }
        if believed.contains(where: { $0.peers.contains(peer, at: now) }) { return .reported }
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

    /// - Parameter user: for whom it counts; root's counts for all.
    mutating func report(_ peer: Peer, for digest: Digest, by user: UInt32, at now: Duration) {
        let end = now + limits.reportedTime
        let claim = Claim(peer: peer, digest: digest)
        if user == 0 { return reportsOfRoot.add(claim, until: end, at: now) }
        if reports[user] == nil, reports.count >= limits.reporters { makeRoomForReporter(at: now) }
        reports[user, default: Reports(capacity: limits.reportsOfEach)].add(claim, until: end, at: now)
    }

    private mutating func makeRoomForReporter(at now: Duration) {
        reports = reports.filter { $0.value.end > now }
        guard reports.count >= limits.reporters else { return }
        // Whoever has not reported for the longest time.
        if let first = reports.min(by: { $0.value.end < $1.value.end }) { reports[first.key] = nil }
    }
}
