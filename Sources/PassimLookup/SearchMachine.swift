// One search as a state machine: what comes in are peers, their answers and the time, what goes out is whom
// to ask, when to come back, and the end. It knows no clock, no socket and no chance.

internal import PassimCore

/// The search for one digest, as a state machine.
struct SearchMachine: Sendable {
    enum Event: Sendable {
        case found(Peer, PeerRank)
        /// No more peers will be found.
        case findingEnded
        /// - Parameter latency: from asking to the answer.
        case answered(Peer, ProbeOutcome, latency: Duration)
        case timePassed
    }

    enum Action: Equatable, Sendable {
        case ask(Peer, within: Duration)
        /// `timePassed` is expected then.
        case wake(at: Duration)
        /// The candidates to choose from, all equally good; of a thorough search all, best first. None if
        /// nobody has it. Nothing comes after it.
        case finish([Candidate])
    }

    private struct Answer {
        var candidate: Candidate
        var rank: PeerRank
    }

    private let limits: LookupLimits
    /// True if all peers that have it are wanted, and not only a good one soon.
    private let isThorough: Bool
    /// When the client asked.
    private let asked: Duration
    /// Everybody that was found.
    private var known: Set<Peer> = []
    /// Peers that are still to be asked, by rank.
    private var waiting: [PeerRank: [Peer]] = [:]
    private var underWay: [Peer: PeerRank] = [:]
    private var confirmed: [Answer] = []
    private var refused: [Answer] = []
    /// When one of those that confirmed is chosen.
    private var choice: Duration?
    private var findingEnded = false
    private(set) var isFinished = false

    init(asked: Duration, limits: LookupLimits, isThorough: Bool = false) {
        self.asked = asked
        self.isThorough = isThorough
        self.limits = limits
    }

    /// The actions that the search begins with.
    func begin() -> [Action] {
        [limits.turn(of: .bad), limits.turn(of: .reported), limits.searchTime, limits.answerTime]
            .map { .wake(at: asked + $0) }
    }

    /// - Parameter now: never before that of an earlier event.
    mutating func take(_ event: Event, at now: Duration) -> [Action] {
        if isFinished { return [] }
        switch event {
        case .found(let peer, let rank):
            if known.count < limits.peers, known.insert(peer).inserted {
                waiting[rank, default: []].append(peer)
                // Most searches have none, and need not come back for them.
                if rank == .linkLocal, waiting[.linkLocal]!.count == 1 {
                    return [.wake(at: asked + limits.turn(of: .linkLocal))] + goOn(at: now)
                }
            }
        case .findingEnded: findingEnded = true
        case .answered(let peer, let outcome, let latency): note(peer, outcome, latency)
        case .timePassed: break
        }
        return goOn(at: now)
    }

    private mutating func note(_ peer: Peer, _ outcome: ProbeOutcome, _ latency: Duration) {
        guard let rank = underWay.removeValue(forKey: peer) else { return }
        let answer = Answer(candidate: Candidate(peer: peer, latency: latency), rank: rank)
        switch outcome {
        case .confirmed: confirmed.append(answer)
        case .refused: refused.append(answer)
        case .denied, .failed, .unasked: break
        }
    }

    private mutating func goOn(at now: Duration) -> [Action] {
        if now >= asked + limits.answerTime { return finish() }
        if !confirmed.isEmpty, !isThorough, !mayBeBettered { return chooseSoon(at: now) }
        let asking = now < asked + limits.searchTime
        let actions = asking ? askMore(at: now) : []
        let nobodyIsLeft = findingEnded && waiting.values.allSatisfy(\.isEmpty)
        if underWay.isEmpty, nobodyIsLeft || !asking { return finish() }
        return actions
    }

    /// Only link-local addresses have confirmed, and others may.
    private var mayBeBettered: Bool {
        confirmed.allSatisfy { $0.rank == .linkLocal } && underWay.values.contains(.good)
    }

    /// Somebody has confirmed: nobody else is asked, and those under way have a moment.
    private mutating func chooseSoon(at now: Duration) -> [Action] {
        let isFirst = choice == nil
        let end = choice ?? min(now + limits.choiceTime, asked + limits.answerTime)
        choice = end
        if underWay.isEmpty || now >= end { return finish() }
        return isFirst ? [.wake(at: end)] : []
    }

    private mutating func askMore(at now: Duration) -> [Action] {
        var actions: [Action] = []
        while underWay.count < limits.probesAtOnce, let (peer, rank) = next(at: now) {
            underWay[peer] = rank
            // One that is asked late has what is left until the answer.
            actions.append(.ask(peer, within: min(limits.probeTime, asked + limits.answerTime - now)))
        }
        return actions
    }

    /// The next one to ask: others than the good ones only when those have had their time, or have all
    /// answered and no more will be found.
    private mutating func next(at now: Duration) -> (Peer, PeerRank)? {
        for rank in PeerRank.allCases {
            let betterOnesAreUnderWay = underWay.values.contains { $0 < rank }
            let isTheirTurn = now >= asked + limits.turn(of: rank)
            guard isTheirTurn || findingEnded && !betterOnesAreUnderWay else { continue }
            if waiting[rank]?.isEmpty == false { return (waiting[rank]!.removeFirst(), rank) }
        }
        return nil
    }

    private mutating func finish() -> [Action] {
        isFinished = true
        // One that refused to tell may have it, and is taken where nobody has said so.
        let answers = confirmed.isEmpty ? refused : confirmed
        if isThorough {
            let ranked = answers.sorted {
                ($0.rank, $0.candidate.latency) < ($1.rank, $1.candidate.latency)
            }
            return [.finish(ranked.map(\.candidate))]
        }
        let best = answers.map(\.rank).min()
        return [.finish(answers.filter { $0.rank == best }.map(\.candidate))]
    }
}

extension LookupLimits {
    /// From when on peers are asked however many better ones there may be.
    fileprivate func turn(of rank: PeerRank) -> Duration {
        switch rank {
        case .good: .zero
        case .linkLocal: linkLocalTime
        case .bad: lateTime
        case .reported: lateTime + probeTime
        }
    }
}
