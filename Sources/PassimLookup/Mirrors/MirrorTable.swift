// All that is known of the mirrors that the administrator has named: their addresses, and how they have answered. What
// comes in are names, addresses, answers and the time; what goes out is whom to ask, and what to find out. It knows no
// clock, no socket and no resolver.

internal import PassimCore

/// The named mirrors. Times are of one clock.
struct MirrorTable: Sendable {
    /// Something to be found out. Its result is told by `take`, or by `note`.
    enum Action: Hashable, Sendable {
        case resolve(name: String)
        case findTargets(domain: String)
        /// A mirror with a problem is to be asked, for nobody else: it may be well again.
        case check(Contestant, Digest)
    }

    /// A mirror that may be asked.
    struct Contestant: Hashable, Sendable {
        var host: MirrorHost
        var addresses: [IPAddress]
        /// The lowest is preferred.
        var priority: Int
        /// Chances among those with the same priority, at least 1.
        var weight: Int
    }

    /// A name that was, or is being, resolved.
    private struct Name {
        var addresses: HostAddresses?
        /// Being resolved since then.
        var asked: Duration?
        /// To be resolved again from then on.
        var due: Duration = .zero

        var isKnown: Bool {
            switch addresses {
            case .found, .own: true
            case .failed, nil: false
            }
        }
    }

    private struct Service {
        var targets: [ServiceTarget] = []
        /// Why they are not known, or not any more.
        var failure: String?
        var isKnown = false
        var asked: Duration?
        var due: Duration = .zero
    }

    /// The memory of a host's answers.
    private struct Record {
        var problem: MirrorStatus.Problem?
        /// Failures without an answer in time since, and until when it is left alone.
        var failures = 0
        var lateAnswers = 0
        var rest: Duration = .zero
        /// Questions of before say nothing new.
        var lastFailure: Duration = .zero
        var lastDigest: Digest?
        var isBeingChecked = false
        var asked: UInt64 = 0
        var found: UInt64 = 0
        var missing: UInt64 = 0
        var failed: UInt64 = 0
    }

    fileprivate struct Known {
        var host: MirrorHost
        var priority: Int
        var weight: Int
    }

    private let limits: LookupLimits
    private var named: [NamedMirror] = []
    private var names: [String: Name] = [:]
    private var services: [String: Service] = [:]
    private var records: [MirrorHost: Record] = [:]

    init(_ limits: LookupLimits) {
        self.limits = limits
    }

    var isEmpty: Bool { named.isEmpty }

    // MARK: Names and addresses

    /// From now on these are the mirrors. What is known of those that stay is kept.
    mutating func replace(_ mirrors: [NamedMirror], at now: Duration) -> [Action] {
        named = mirrors
        let domains = Set(mirrors.compactMap(\.domain))
        services = services.filter { domains.contains($0.key) }
        prune()
        return refresh(at: now)
    }

    /// The hosts, those that were named themselves first. A host of a domain that was named itself is what its name says:
    /// it may have a pin there.
    private var hosts: [Known] {
        var places: Set<String> = []
        var found: [Known] = []
        func add(_ known: Known) {
            guard found.count < limits.mirrors, places.insert(known.host.authority.lowercased()).inserted
            else { return }
            found.append(known)
        }
        for mirror in named {
            if case .host(let host) = mirror { add(Known(host: host, priority: 0, weight: 1)) }
        }
        for domain in named.compactMap(\.domain) {
            for target in services[domain]?.targets ?? [] {
                add(
                    Known(
                        host: target.host, priority: Int(target.priority), weight: max(1, Int(target.weight)))
                )
            }
        }
        return found
    }

    private mutating func prune() {
        let hosts = hosts.map(\.host)
        let (wanted, wantedNames) = (Set(hosts), Set(hosts.map(\.name)))
        records = records.filter { wanted.contains($0.key) }
        // What is being resolved is told of later.
        names = names.filter { wantedNames.contains($0.key) || $0.value.asked != nil }
    }

    /// Whatever is to be found out, or found out again.
    ///
    /// - Parameter isIdle: nobody wants a file: what is known may grow old.
    private mutating func refresh(at now: Duration, isIdle: Bool = false) -> [Action] {
        var actions: [Action] = []
        for domain in named.compactMap(\.domain) {
            let service = services[domain, default: Service()]
            guard service.asked == nil, service.due <= now,
                !isIdle || service.failure != nil || !service.isKnown
            else { continue }
            services[domain, default: Service()].asked = now
            actions.append(.findTargets(domain: domain))
        }
        for host in hosts.map(\.host) {
            let name = names[host.name, default: Name()]
            guard name.asked == nil, name.due <= now, !isIdle || !name.isKnown else { continue }
            names[host.name, default: Name()].asked = now
            actions.append(.resolve(name: host.name))
        }
        return actions
    }

    mutating func take(addresses: HostAddresses, of name: String, at now: Duration) {
        guard var known = names[name] else { return }
        known.asked = nil
        if case .failed = addresses {
            // A name server that is away says nothing of the host.
            if !known.isKnown { known.addresses = addresses }
            known.due = now + limits.unknownTime
        } else {
            known.addresses = addresses
            known.due = now + limits.addressTime
        }
        names[name] = known
        prune()
    }

    mutating func take(targets: ServiceTargets, of domain: String, at now: Duration) -> [Action] {
        guard var service = services[domain] else { return [] }
        service.asked = nil
        switch targets {
        case .found(let targets, let lifetime):
            service.targets = targets.sorted { $0.priority < $1.priority }
            service.failure = targets.isEmpty ? "its SRV records say that there is no such service" : nil
            service.due =
                now + min(max(lifetime, limits.shortestTargetTime), limits.longestTargetTime)
        case .failed(let reason):
            service.failure = reason
            service.due = now + limits.shortestTargetTime
        }
        service.isKnown = true
        services[domain] = service
        prune()
        return refresh(at: now)
    }

    // MARK: Questions

    /// The mirrors that may be asked now.
    ///
    /// - Returns: `isComplete` is false as long as another may come: its name is being resolved for the first time, and was
    ///   begun with only just now.
    mutating func contestants(
        at now: Duration
    ) -> (contestants: [Contestant], isComplete: Bool, actions: [Action]) {
        let actions = refresh(at: now)
        func isAwaited(_ asked: Duration?) -> Bool { asked.map { now < $0 + limits.mirrorTime } ?? false }
        var isComplete = named.compactMap(\.domain).allSatisfy { domain in
            services[domain].map { $0.isKnown || !isAwaited($0.asked) } ?? true
        }
        var contestants: [Contestant] = []
        for known in hosts {
            let name = names[known.host.name]
            switch name?.addresses {
            case .found(let addresses):
                if let record = records[known.host], record.rest > now { break }
                contestants.append(known.contestant(at: addresses))
            case .own, .failed: break
            case nil: if isAwaited(name?.asked) { isComplete = false }
            }
        }
        return (contestants, isComplete, actions)
    }

    mutating func noteAsked(_ host: MirrorHost, for digest: Digest) {
        records[host, default: Record()].asked += 1
        records[host]!.lastDigest = digest
    }

    /// - Parameters:
    ///   - asked: when the question was asked.
    ///   - now: of the answer.
    mutating func note(_ outcome: MirrorOutcome, of host: MirrorHost, asked: Duration, at now: Duration) {
        // It is not named any more.
        guard records[host] != nil else { return }
        records[host]!.isBeingChecked = false
        switch outcome {
        case .confirmed, .denied:
            if outcome == .confirmed { records[host]!.found += 1 } else { records[host]!.missing += 1 }
            noteAnswer(of: host, after: now - asked, at: now)
        case .failed(let reason):
            records[host]!.failed += 1
            noteFailure(.unreachable(reason), of: host, asked: asked, at: now)
        case .wrongKey:
            records[host]!.failed += 1
            leaveAlone(host, .wrongKey, at: now)
        case .refused:
            records[host]!.failed += 1
            leaveAlone(host, .refusing, at: now)
        case .unasked: records[host]!.asked -= 1
        }
    }

    private mutating func noteAnswer(of host: MirrorHost, after latency: Duration, at now: Duration) {
        var record = records[host]!
        if latency < limits.mirrorTime {
            record.problem = nil
            record.failures = 0
            record.lateAnswers = 0
            record.rest = .zero
        } else if record.lateAnswers < limits.lateAnswers {
            record.lateAnswers += 1
            record.rest = .zero
        } else {
            record.problem = .late
        }
        records[host] = record
    }

    /// It has not answered in time; it may do so later.
    mutating func noteLate(_ host: MirrorHost, asked: Duration, at now: Duration) {
        guard records[host] != nil else { return }
        noteFailure(.late, of: host, asked: asked, at: now)
    }

    private mutating func noteFailure(
        _ problem: MirrorStatus.Problem, of host: MirrorHost, asked: Duration, at now: Duration
    ) {
        records[host]!.problem = problem
        // Many may have been asked together: that is one failure.
        guard asked >= records[host]!.lastFailure else { return }
        records[host]!.lastFailure = now
        records[host]!.failures += 1
        let doublings = min(records[host]!.failures - 1, 16)
        records[host]!.rest = now + min(limits.mirrorRest * (1 << doublings), limits.longestMirrorRest)
    }

    private mutating func leaveAlone(_ host: MirrorHost, _ problem: MirrorStatus.Problem, at now: Duration) {
        records[host]!.problem = problem
        records[host]!.lastFailure = now
        records[host]!.rest = now + limits.longestMirrorRest
    }

    // MARK: For whoever looks

    /// Looks after those with a problem meanwhile.
    mutating func statuses(at now: Duration) -> (statuses: [MirrorStatus], actions: [Action]) {
        var actions = refresh(at: now, isIdle: true)
        var statuses: [MirrorStatus] = []
        for known in hosts {
            var status = MirrorStatus(name: known.host.authority)
            let record = records[known.host]
            if let record {
                (status.asked, status.found) = (record.asked, record.found)
                (status.missing, status.failed) = (record.missing, record.failed)
                status.problem = record.problem
            }
            switch names[known.host.name]?.addresses {
            case .own:
                status.isOwn = true
                status.problem = nil
            case .failed(let reason): status.problem = .unknown(reason)
            case .found(let addresses):
                if let record, record.problem != nil, !record.isBeingChecked, record.rest <= now,
                    let digest = record.lastDigest
                {
                    records[known.host]!.isBeingChecked = true
                    actions.append(.check(known.contestant(at: addresses), digest))
                }
            case nil: break
            }
            statuses.append(status)
        }
        for domain in named.compactMap(\.domain) {
            guard let service = services[domain], service.targets.isEmpty, let failure = service.failure
            else { continue }
            var status = MirrorStatus(name: "\(NamedMirror.service(domain: domain))")
            status.problem = .unknown(failure)
            statuses.append(status)
        }
        return (statuses, actions)
    }

    /// The host that is written so in a URL.
    func host(withAuthority authority: some StringProtocol) -> MirrorHost? {
        hosts.map(\.host).first { $0.authority.lowercased() == authority.lowercased() }
    }
}

extension NamedMirror {
    fileprivate var domain: String? {
        if case .service(let domain) = self { domain } else { nil }
    }
}

extension MirrorTable.Known {
    fileprivate func contestant(at addresses: [IPAddress]) -> MirrorTable.Contestant {
        .init(host: host, addresses: addresses, priority: priority, weight: weight)
    }
}
