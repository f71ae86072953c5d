// Look-ups for clients of this machine: those for the same digest share one search, and what searches learn
// of peers is remembered for the next ones.

package import PassimCore

/// Finds who really has a digest. The conversation is here; whom to ask and whom to take, `Search` decides.
package actor PeerSearch: PeerLookup {
    private struct Shared {
        var number: Int
        var asked: Duration
        var waiters: [Int: CheckedContinuation<Peer?, Never>] = [:]
        /// Nil while it waits for its turn.
        var task: Task<Void, Never>?
    }

    private let finder: any PeerFinder
    private let probe: any PeerProbe
    private let limits: LookupLimits
    private let clock: LookupClock
    private var generator: any RandomNumberGenerator & Sendable

    private var memory: PeerMemory
    private var nobody: ExpiringTable<Digest>
    private var searches: [Digest: Shared] = [:]
    private var queue = SearchQueue()
    private var queueTimer: Task<Void, Never>?
    /// Searches that go on, also those that have answered and are being ended.
    private var running = 0
    private var lastNumber = 0

    /// - Parameter generator: chooses among peers that are equally good.
    package init(
        finder: any PeerFinder, probe: any PeerProbe, limits: LookupLimits = LookupLimits(),
        clock: any Clock<Duration> = ContinuousClock(),
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.finder = finder
        self.probe = probe
        self.limits = limits
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
            running: running, waiting: waiting, clients: searches.values.reduce(0) { $0 + $1.waiters.count })
    }

    // MARK: Look-ups

    package func lookUp(_ digest: Digest) async -> Peer? {
        if Task.isCancelled || nobody.contains(digest, at: clock.now()) { return nil }
        guard searches[digest] != nil || beginSearch(for: digest) else { return nil }
        let waiter = newNumber()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                searches[digest]!.waiters[waiter] = continuation
            }
        } onCancel: {
            // It comes after the lines above: they do not let go of the actor.
            Task { await self.leave(digest, waiter) }
        }
    }

    /// Asks all that can be found.
    ///
    /// - Returns: those that confirm that they have the digest, best first, within 1.3 s; where nobody does, those
    ///   that do not tell.
    package func findPeers(with digest: Digest) async -> [Peer] {
        running += 1
        let search = Search(asked: clock.now(), limits: limits, isThorough: true)
        var found: [Peer] = []
        await run(search, for: digest) { _, candidates in found = candidates.map(\.peer) }
        running -= 1
        startWaiting()
        return found
    }

    /// A peer sent bytes that do not belong to the digest: it is passed over for an hour, for this digest
    /// altogether, for others unless nobody else has them.
    package func report(_ peer: Peer, digest: Digest) {
        memory.report(peer, for: digest, at: clock.now())
    }

    /// - Returns: false where too many wait.
    private func beginSearch(for digest: Digest) -> Bool {
        let asked = clock.now()
        let number = newNumber()
        if running < limits.searches {
            searches[digest] = Shared(number: number, asked: asked)
            start(digest)
            return true
        }
        guard queue.count < limits.waiting else { return false }
        searches[digest] = Shared(number: number, asked: asked)
        queue.append(.init(digest: digest, number: number, until: asked + limits.searchTime))
        if queueTimer == nil { queueTimer = Task { await self.watchQueue() } }
        return true
    }

    /// The client has gone.
    private func leave(_ digest: Digest, _ waiter: Int) {
        // It may have its answer.
        guard let continuation = searches[digest]?.waiters.removeValue(forKey: waiter) else { return }
        continuation.resume(returning: nil)
        guard let shared = searches[digest], shared.waiters.isEmpty else { return }
        shared.task?.cancel()
        searches[digest] = nil
    }

    private func conclude(_ digest: Digest, _ number: Int, _ peer: Peer?) {
        guard let shared = searches[digest], shared.number == number else { return }
        searches[digest] = nil
        for (_, waiter) in shared.waiters { waiter.resume(returning: peer) }
    }

    private func newNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }

    // MARK: Turns

    private func start(_ digest: Digest) {
        guard let shared = searches[digest] else { return }
        running += 1
        searches[digest]!.task = Task {
            await run(Search(asked: shared.asked, limits: limits), for: digest) {
                $0.finish(digest, shared.number, $1)
            }
            running -= 1
            startWaiting()
        }
    }

    /// Has those begin for whom there is room now, and ends those whose time is up.
    private func startWaiting() {
        while let first = queue.first {
            let isWaitedFor = searches[first.digest]?.number == first.number
            let isLate = first.until <= clock.now()
            guard !isWaitedFor || isLate || running < limits.searches else { return }
            queue.removeFirst()
            if isWaitedFor, isLate { conclude(first.digest, first.number, nil) }
            if isWaitedFor, !isLate { start(first.digest) }
        }
        queueTimer?.cancel()
        queueTimer = nil
    }

    /// Until nobody waits: then it is cancelled.
    private func watchQueue() async {
        while !Task.isCancelled, let first = queue.first {
            await clock.sleep(first.until)
            if !Task.isCancelled { startWaiting() }
        }
    }

    // MARK: One search

    /// What comes from the tasks of a search.
    private enum Report: Sendable {
        case found(Peer)
        case findingEnded
        case answered(Peer, ProbeOutcome, latency: Duration, limit: Duration)
        case timePassed
    }

    /// - Parameter conclude: is given those among whom to choose, before all questions have ended.
    private func run(
        _ search: Search, for digest: Digest,
        _ conclude: (isolated PeerSearch, [Candidate]) -> Void
    ) async {
        var search = search
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
                actions = take(report, of: digest, &search)
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

    private func finish(_ digest: Digest, _ number: Int, _ candidates: [Candidate]) {
        let now = clock.now()
        if candidates.isEmpty { nobody.insert(digest, until: now + limits.nobodyTime, at: now) }
        conclude(digest, number, candidates.choose(using: &generator))
    }

    private func take(_ report: Report, of digest: Digest, _ search: inout Search) -> [Search.Action] {
        let now = clock.now()
        switch report {
        case .found(let peer):
            guard let standing = memory.standing(of: peer, for: digest, at: now) else { return [] }
            return search.take(.found(peer, standing), at: now)
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
