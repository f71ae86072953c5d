// Questions to the mirrors that the administrator has named. What is known of them is `MirrorTable`'s, whom to take is
// `MirrorRace`'s, and the conversation is here. Resolver and mirrors may take as long as they like: nobody waits for them
// longer than `LookupLimits.mirrorTime`.

package import PassimCore

/// Finds those of the named mirrors that have a digest.
package final class MirrorSearch: Sendable {
    private struct State {
        var table: MirrorTable
        /// Of searches that go on: told when addresses are found.
        var searches: [Int: AsyncStream<Report>.Continuation] = [:]
        var lastNumber = 0
        /// Mirrors with a question that goes on though nobody waits for it.
        var lingering: Set<MirrorHost> = []
        var generator: any RandomNumberGenerator & Sendable
    }

    /// A message to a search.
    private enum Report: Sendable {
        /// Others may be asked.
        case changed
        case answered(MirrorHost, isConfirmed: Bool, latency: Duration)
        case timePassed
    }

    /// What reports of users make of a mirror, for one search.
    typealias Doubt = @Sendable (MirrorHost) -> ReportBook.Doubt

    private let probe: any MirrorProbe
    private let resolver: any NameResolver
    private let limits: LookupLimits
    private let clock: LookupClock
    private let state: Lock<State>

    /// - Parameter generator: chooses among mirrors that are equally good.
    package init(
        probe: any MirrorProbe, resolver: any NameResolver, limits: LookupLimits = LookupLimits(),
        clock: any Clock<Duration> = ContinuousClock(),
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.probe = probe
        self.resolver = resolver
        self.limits = limits
        self.clock = LookupClock(clock)
        state = Lock(State(table: MirrorTable(limits), generator: generator))
    }

    /// From now on these are the mirrors; their addresses are being found.
    package func replace(_ mirrors: [NamedMirror]) {
        change { $0.replace(mirrors, at: $1) }
    }

    /// How they are. Those with a problem are looked after meanwhile, so that whoever looks again is told of now. Does not
    /// block.
    package var statuses: [MirrorStatus] {
        let now = clock.now()
        let (statuses, actions) = state.withLock { $0.table.statuses(at: now) }
        perform(actions)
        return statuses
    }

    /// The mirror that is written so in a URL: host and port.
    package func host(withAuthority authority: some StringProtocol) -> MirrorHost? {
        state.withLock { $0.table.host(withAuthority: authority) }
    }

    // MARK: Names and addresses

    private func change(_ body: (inout MirrorTable, _ now: Duration) -> [MirrorTable.Action]) {
        let now = clock.now()
        let (actions, searches) = state.withLock { state in
            (body(&state.table, now), Array(state.searches.values))
        }
        perform(actions)
        for search in searches { search.yield(.changed) }
    }

    private func perform(_ actions: [MirrorTable.Action]) {
        for action in actions {
            switch action {
            case .resolve(let name):
                Task { [self] in
                    let addresses = await resolver.addresses(of: name)
                    change { table, now in
                        table.take(addresses: addresses, of: name, at: now)
                        return []
                    }
                }
            case .findTargets(let domain):
                Task { [self] in
                    let targets = await resolver.targets(of: domain)
                    change { $0.take(targets: targets, of: domain, at: $1) }
                }
            case .check(let contestant, let digest): ask(contestant, digest) { _, _ in }
            }
        }
    }

    // MARK: Questions

    /// Asks all that can be asked, within `LookupLimits.mirrorTime`. Ends early when the task is cancelled.
    ///
    /// - Returns: one that has the digest; of a thorough search all, best first; none if nobody has it.
    func search(
        _ digest: Digest, isThorough: Bool = false, doubting doubt: @escaping Doubt = { _ in .none }
    ) async -> [MirrorHost] {
        if state.withLock({ $0.table.isEmpty }) { return [] }
        let (reports, mailbox) = AsyncStream.makeStream(of: Report.self)
        let number = state.withLock { state in
            state.lastNumber += 1
            state.searches[state.lastNumber] = mailbox
            return state.lastNumber
        }
        let winners = await run(digest, isThorough: isThorough, doubt, reports, mailbox)
        return state.withLock { state in
            state.searches[number] = nil
            if isThorough { return winners.map(\.host) }
            return winners.choose(weighing: { $0.weight }, using: &state.generator).map { [winners[$0].host] }
                ?? []
        }
    }

    private func run(
        _ digest: Digest, isThorough: Bool, _ doubt: @escaping Doubt, _ reports: AsyncStream<Report>,
        _ mailbox: AsyncStream<Report>.Continuation
    ) async -> [MirrorRace.Winner] {
        await withDiscardingTaskGroup(returning: [MirrorRace.Winner].self) { group in
            let asked = clock.now()
            var race = MirrorRace(asked: asked, limits: limits, isThorough: isThorough)
            var questions: [MirrorHost: Task<Void, Never>] = [:]
            var winners: [MirrorRace.Winner] = []
            var iterator = reports.makeAsyncIterator()
            var actions = race.begin() + race.take(field(doubt, at: asked), at: asked)
            while true {
                for action in actions {
                    switch action {
                    case .ask(let contestant):
                        questions[contestant.host] = ask(contestant, digest) { isConfirmed, latency in
                            mailbox.yield(
                                .answered(contestant.host, isConfirmed: isConfirmed, latency: latency))
                        }
                    case .wake(let time):
                        group.addTask { [clock] in
                            await clock.sleep(time)
                            mailbox.yield(.timePassed)
                        }
                    case .finish(let found): winners = found
                    }
                }
                if race.isFinished { break }
                // Nil when nobody waits for it any more.
                guard let report = await iterator.next(), !Task.isCancelled else { break }
                let now = clock.now()
                switch report {
                case .changed: actions = race.take(field(doubt, at: now), at: now)
                case .answered(let host, let isConfirmed, let latency):
                    actions = race.take(
                        .answered(host, isConfirmed: isConfirmed, latency: latency), at: now)
                case .timePassed: actions = race.take(.timePassed, at: now)
                }
            }
            group.cancelAll()
            leave(race.underWay, questions, asked: asked, isOver: race.isFinished && clock.now() >= race.end)
            return winners
        }
    }

    /// Those that may be asked. One that sent wrong bytes of this digest is passed over, and one that sent others is taken
    /// if no other has it.
    private func field(_ doubt: Doubt, at now: Duration) -> MirrorRace.Event {
        let (contestants, isComplete) = contestants(at: now)
        let field = contestants.compactMap { contestant -> MirrorTable.Contestant? in
            var contestant = contestant
            switch doubt(contestant.host) {
            case .ofThisDigest: return nil
            case .general: contestant.priority += MirrorSearch.lastPriority
            case .none: break
            }
            return contestant
        }
        return .field(field, isComplete: isComplete)
    }

    private func contestants(at now: Duration) -> ([MirrorTable.Contestant], isComplete: Bool) {
        let (contestants, isComplete, actions) = state.withLock { $0.table.contestants(at: now) }
        perform(actions)
        return (contestants, isComplete)
    }

    /// Those that would be asked now.
    var usable: [MirrorHost] { contestants(at: clock.now()).0.map(\.host) }

    /// Behind that of every SRV record.
    private static let lastPriority = 1 << 16

    /// - Parameter answered: called when the question is over, whoever waits for it.
    @discardableResult
    private func ask(
        _ contestant: MirrorTable.Contestant, _ digest: Digest,
        _ answered: @escaping @Sendable (_ isConfirmed: Bool, _ latency: Duration) -> Void
    ) -> Task<Void, Never> {
        let start = clock.now()
        let host = contestant.host
        state.withLock { $0.table.noteAsked(host, for: digest) }
        return Task { [self] in
            let outcome = await probe.probe(
                host, at: contestant.addresses, for: digest, within: limits.mirrorPatience)
            let now = clock.now()
            state.withLock { $0.table.note(outcome, of: host, asked: start, at: now) }
            answered(outcome == .confirmed, now - start)
        }
    }

    /// The search goes. Of the questions that are left, one to each mirror goes on: a connection that is being made is
    /// there for the next one, and what the mirror is like is known.
    ///
    /// - Parameter isOver: they have had their time.
    private func leave(
        _ hosts: Set<MirrorHost>, _ questions: [MirrorHost: Task<Void, Never>], asked: Duration, isOver: Bool
    ) {
        let now = clock.now()
        for host in hosts {
            guard let question = questions[host] else { continue }
            let goesOn = state.withLock { state in
                if isOver { state.table.noteLate(host, asked: asked, at: now) }
                return state.lingering.insert(host).inserted
            }
            if !goesOn {
                question.cancel()
                continue
            }
            Task { [self] in
                await question.value
                state.withLock { _ = $0.lingering.remove(host) }
            }
        }
    }
}
