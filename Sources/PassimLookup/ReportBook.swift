internal import PassimCore

/// Reports of users that a place sent wrong bytes. Root's count for all, others' for themselves.
struct ReportBook: Sendable {
    private struct Claim: Hashable {
        var place: ServingPlace
        var digest: Digest
    }

    /// The reports of one user.
    private struct Reports {
        var places: ExpiringTable<ServingPlace>
        var claims: ExpiringTable<Claim>
        /// When the last of them ends.
        var end: Duration = .zero

        init(capacity: Int) {
            places = ExpiringTable(capacity: capacity)
            claims = ExpiringTable(capacity: capacity)
        }

        mutating func add(_ claim: Claim, until end: Duration, at now: Duration) {
            places.insert(claim.place, until: end, at: now)
            claims.insert(claim, until: end, at: now)
            self.end = end
        }
    }

    /// What reports make of a place.
    enum Doubt: Sendable {
        case none
        /// It sent wrong bytes of another digest.
        case general
        /// It sent wrong bytes of this one.
        case ofThisDigest
    }

    private let limits: LookupLimits
    /// For all users.
    private var reportsOfRoot: Reports
    /// Each for this user.
    private var reports: [UInt32: Reports] = [:]

    init(_ limits: LookupLimits) {
        self.limits = limits
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
    func doubt(
        of place: ServingPlace, for digest: Digest, at now: Duration, reporter: UInt32? = nil
    ) -> Doubt {
        let claim = Claim(place: place, digest: digest)
        let believed = [reportsOfRoot] + (reporter.flatMap { reports[$0] }.map { [$0] } ?? [])
        if believed.contains(where: { $0.claims.contains(claim, at: now) }) { return .ofThisDigest }
        return believed.contains { $0.places.contains(place, at: now) } ? .general : .none
    }

    /// - Parameter user: for whom it counts; root's counts for all.
    mutating func report(_ place: ServingPlace, for digest: Digest, by user: UInt32, at now: Duration) {
        let end = now + limits.reportedTime
        let claim = Claim(place: place, digest: digest)
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
