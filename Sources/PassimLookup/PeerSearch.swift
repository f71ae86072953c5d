// Look-ups for clients of this machine: those for the same digest share one search, and what searches learn
// of peers is remembered for the next ones.

package import PassimCore

/// Finds who really has a digest. The conversation is here; `SearchMachine` decides whom to ask and to take.
package actor PeerSearch: PeerLookup {
    /// The digest that is searched for, and the user if the search is not the same for everybody.
    private struct Key: Hashable {
        var digest: Digest
        /// The user, if reports of its own hold.
        var reporter: UInt32?
    }

    private struct Shared {
        var number: Int
        var share: SearchShare
        var asked: Duration
        var waiters: [Int: CheckedContinuation<ServingPlace?, Never>] = [:]
        /// Nil while it waits for its turn.
        var task: Task<Void, Never>?
    }

    /// Asked before the network is; nil: there are none.
    private let mirrors: MirrorSearch?
    private let finder: any PeerFinder
    private let probe: any PeerProbe
    private let limits: LookupLimits
    private let daemonUser: UInt32
    private let clock: LookupClock
    private var generator: any RandomNumberGenerator & Sendable

    private var memory: PeerMemory
    private var nobody: ExpiringTable<Key>
    private var searches: [Key: Shared] = [:]
    private var queues: [SearchShare: SearchQueue<Key>] = [:]
    private var queueTimer: Task<Void, Never>?
    /// Searches that go on, also those that have answered and are being ended.
    private var running: [SearchShare: Int] = [:]
    private var thorough: [SearchShare: Int] = [:]
    private var waitingForThorough: [SearchShare: [CheckedContinuation<Void, Never>]] = [:]
    private var lastNumber = 0

    /// - Parameters:
    ///   - mirrors: those that the administrator has named.
    ///   - daemonUser: has a share of its own, as root has.
    ///   - generator: chooses among peers that are equally good.
    package init(
        mirrors: MirrorSearch? = nil, finder: any PeerFinder, probe: any PeerProbe,
        limits: LookupLimits = LookupLimits(), daemonUser: UInt32,
        clock: any Clock<Duration> = ContinuousClock(),
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.mirrors = mirrors
        self.finder = finder
        self.probe = probe
        self.limits = limits
        self.daemonUser = daemonUser
        self.clock = LookupClock(clock)
        self.generator = generator
        memory = PeerMemory(limits)
        nobody = ExpiringTable(capacity: limits.nobodyCount)
    }

    struct Load: Equatable {
        /// Searches that go on.
        var running: Int
        /// Searches that wait for their turn.
        var waiting: Int
        /// Look-ups that wait for these.
        var clients: Int
    }

    var load: Load {
        let waiting = searches.values.count { $0.task == nil }
        return Load(
            running: running.values.reduce(0, +) + thorough.values.reduce(0, +), waiting: waiting,
            clients: searches.values.reduce(0) { $0 + $1.waiters.count })
    }

    // MARK: Look-ups

    package func lookUp(_ digest: Digest, client: LookupClient) async -> ServingPlace? {
        if Task.isCancelled { return nil }
        let now = clock.now()
        // Only the kernel knows the user, and each time it is asked takes some microseconds.
        let isCrowded = running[.others, default: 0] >= limits.crowd
        let user = isCrowded || memory.reports.hasReporters ? client.user() : nil
        let key = Key(digest: digest, reporter: memory.reports.reporter(user, at: now))
        if nobody.contains(key, at: now) { return nil }
        let share = isCrowded ? share(of: user) : .others
        if searches[key] == nil {
            guard beginSearch(for: key, share) else { return nil }
        } else if searches[key]!.task == nil, share != .others, hasRoom(share) {
            // It waits among the others.
            start(key, share)
        }
        let waiter = newNumber()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                searches[key]!.waiters[waiter] = continuation
            }
        } onCancel: {
            // It comes after the lines above: they do not let go of the actor.
            Task { await self.leave(key, waiter) }
        }
    }

    private func share(of user: UInt32?) -> SearchShare {
        if user == 0 { return .root }
        return user == daemonUser ? .daemon : .others
    }

    /// Asks all that can be found.
    ///
    /// - Returns: those that confirm that they have the digest, best first, named mirrors before others, within 1.3 s from its
    ///   turn; where nobody does, those that do not tell.
    ///
    /// - Parameter user: whose reports count besides root's. How many it asks for at a time is up to the caller.
    package func findPeers(with digest: Digest, for user: UInt32) async -> [ServingPlace] {
        let share = share(of: user)
        await beginThorough(share)
        let now = clock.now()
        let search = SearchMachine(asked: now, limits: limits, isThorough: true)
        let key = Key(digest: digest, reporter: memory.reports.reporter(user, at: now))
        async let named = askMirrors(for: key, isThorough: true)
        var found: [Peer] = []
        await run(search, for: key) { _, candidates in found = candidates.map(\.peer) }
        endThorough(share)
        return await named.map { .mirror($0) } + found.map { .peer($0) }
    }

    /// - Returns: one that has it, or of a thorough search all.
    private func askMirrors(for key: Key, isThorough: Bool = false) async -> [MirrorHost] {
        guard let mirrors else { return [] }
        let (reports, clock) = (memory.reports, clock)
        return await mirrors.search(key.digest, isThorough: isThorough) { host in
            reports.doubt(of: .mirror(host), for: key.digest, at: clock.now(), reporter: key.reporter)
        }
    }

    /// Waits for its turn.
    private func beginThorough(_ share: SearchShare) async {
        if thorough[share, default: 0] < limits.thoroughSearches {
            thorough[share, default: 0] += 1
        } else {
            await withCheckedContinuation { waitingForThorough[share, default: []].append($0) }
        }
    }

    private func endThorough(_ share: SearchShare) {
        if waitingForThorough[share]?.isEmpty == false {
            waitingForThorough[share]!.removeFirst().resume()
        } else {
            thorough[share]! -= 1
        }
    }

    /// A place sent bytes that do not belong to the digest: it is passed over for an hour, for this digest
    /// altogether, for others unless nobody else has them.
    ///
    /// - Parameter user: for whose look-ups; root's word counts for all.
    package func report(_ place: ServingPlace, digest: Digest, by user: UInt32) {
        memory.reports.report(place, for: digest, by: user, at: clock.now())
    }

    private func hasRoom(_ share: SearchShare) -> Bool {
        running[share, default: 0] < (share == .others ? limits.searches : limits.reservedSearches)
    }

    /// - Returns: false where too many wait.
    private func beginSearch(for key: Key, _ share: SearchShare) -> Bool {
        let asked = clock.now()
        let number = newNumber()
        let shared = Shared(number: number, share: share, asked: asked)
        if hasRoom(share) {
            searches[key] = shared
            start(key, share)
            return true
        }
        guard queues[share]?.count ?? 0 < limits.waiting else { return false }
        searches[key] = shared
        queues[share, default: SearchQueue()].append(
            .init(key: key, number: number, until: asked + limits.searchTime))
        if queueTimer == nil { queueTimer = Task { await self.watchQueue() } }
        return true
    }

    /// The client has gone.
    private func leave(_ key: Key, _ waiter: Int) {
        // It may have its answer.
        guard let continuation = searches[key]?.waiters.removeValue(forKey: waiter) else { return }
        continuation.resume(returning: nil)
        guard let shared = searches[key], shared.waiters.isEmpty else { return }
        shared.task?.cancel()
        searches[key] = nil
    }

    private func conclude(_ key: Key, _ number: Int, _ place: ServingPlace?) {
        guard let shared = searches[key], shared.number == number else { return }
        searches[key] = nil
        for (_, waiter) in shared.waiters { waiter.resume(returning: place) }
    }

    private func newNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    // MARK: Turns

    private func start(_ key: Key, _ share: SearchShare) {
        guard let shared = searches[key] else { return }
        running[share, default: 0] += 1
        searches[key]!.task = Task {
            if let mirror = await askMirrors(for: key).first {
                conclude(key, shared.number, .mirror(mirror))
            } else if !Task.isCancelled {
                await run(SearchMachine(asked: shared.asked, limits: limits), for: key) {
                    $0.finish(key, shared.number, $1)
                }
            }
            running[share, default: 0] -= 1
            startWaiting()
        }
    }

    /// Has those begin for whom there is room now, and ends those whose time is up.
    private func startWaiting() {
        let now = clock.now()
        for share in SearchShare.allCases {
            while let first = queues[share]?.first {
                // It may have been left, or have come forward.
                let shared = searches[first.key]
                let isWaitedFor = shared?.number == first.number && shared?.task == nil
                let isLate = first.until <= now
                guard !isWaitedFor || isLate || hasRoom(share) else { break }
                queues[share]!.removeFirst()
                if isWaitedFor, isLate { conclude(first.key, first.number, nil) }
                if isWaitedFor, !isLate { start(first.key, share) }
            }
        }
        if queues.values.allSatisfy({ $0.first == nil }) {
            queueTimer?.cancel()
            queueTimer = nil
        }
    }

    /// Until nobody waits: then it is cancelled.
    private func watchQueue() async {
        while !Task.isCancelled, let next = queues.values.compactMap({ $0.first?.until }).min() {
            await clock.sleep(next)
            if !Task.isCancelled { startWaiting() }
        }
    }

    // MARK: One search

    /// A message from the tasks of a search.
    private enum Report: Sendable {
        case found(Peer)
        case findingEnded
        case answered(Peer, ProbeOutcome, latency: Duration, limit: Duration)
        case timePassed
    }

    /// - Parameter conclude: is given those among whom to choose, before all questions have ended.
    private func run(
        _ search: SearchMachine, for key: Key,
        _ conclude: (isolated PeerSearch, [Candidate]) -> Void
    ) async {
        var search = search
        let digest = key.digest
        let (reports, mailbox) = AsyncStream.makeStream(of: Report.self)
        await withDiscardingTaskGroup { group in
            group.addTask { [finder, limits] in
                await PeerSearch.find(digest, finder, atMost: limits.peers, mailbox)
            }
            var iterator = reports.makeAsyncIterator()
            var actions = search.begin()
            while true {
                for action in actions {
                    switch action {
                    case .ask(let peer, let limit):
                        group.addTask { [probe, clock] in
                            let start = clock.now()
                            let outcome = await probe.probe(peer, for: digest, within: limit)
                            mailbox.yield(
                                .answered(peer, outcome, latency: clock.now() - start, limit: limit))
                        }
                    case .wake(let time):
                        group.addTask { [clock] in
                            await clock.sleep(time)
                            mailbox.yield(.timePassed)
                        }
                    case .finish(let candidates): conclude(self, candidates)
                    }
                }
                if search.isFinished { break }
                // Nil when nobody waits for it any more; then also what is said last is of no worth.
                guard let report = await iterator.next(isolation: #isolation), !Task.isCancelled else {
                    break
                }
                actions = take(report, of: key, &search)
            }
            group.cancelAll()
        }
    }

    private static func find(
        _ digest: Digest, _ finder: any PeerFinder, atMost limit: Int,
        _ mailbox: AsyncStream<Report>.Continuation
    ) async {
        var left = limit
        for await peer in finder.peers(with: digest) {
            mailbox.yield(.found(peer))
            left -= 1
            if left == 0 { break }
        }
        mailbox.yield(.findingEnded)
    }

    private func finish(_ key: Key, _ number: Int, _ candidates: [Candidate]) {
        let now = clock.now()
        if candidates.isEmpty { nobody.insert(key, until: now + limits.nobodyTime, at: now) }
        conclude(key, number, candidates.choose(using: &generator).map { .peer($0) })
    }

    private func take(_ report: Report, of key: Key, _ search: inout SearchMachine) -> [SearchMachine.Action]
    {
        let now = clock.now()
        let digest = key.digest
        switch report {
        case .found(let peer):
            guard
                let rank = memory.rank(
                    of: peer, for: digest, at: now, reporter: key.reporter)
            else { return [] }
            return search.take(.found(peer, rank), at: now)
        case .findingEnded: return search.take(.findingEnded, at: now)
        case .timePassed: return search.take(.timePassed, at: now)
        case .answered(let peer, let outcome, let latency, let limit):
            // One that had less time than others have is not worse for it.
            let wasHurried = outcome == .failed && limit < limits.probeTime && latency >= limit
            if !wasHurried { memory.note(outcome, of: peer, for: digest, at: now) }
            return search.take(.answered(peer, outcome, latency: latency), at: now)
        }
    }
}
