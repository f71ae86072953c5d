// One question to all named mirrors as a state machine: what comes in are those that may be asked, their answers and the
// time, what goes out is whom to ask, when to come back, and the end.

internal import PassimCore

/// The search for one digest among the named mirrors: all are asked at once, and the best that confirms is taken.
struct MirrorRace: Sendable {
    typealias Contestant = MirrorTable.Contestant

    enum Event: Sendable {
        /// Those that may be asked; those that were told of before may be among them.
        ///
        /// - Parameter isComplete: false if more may come.
        case field([Contestant], isComplete: Bool)
        /// - Parameter latency: from asking to the answer, or to the failure.
        case answered(MirrorHost, isConfirmed: Bool, latency: Duration)
        case timePassed
    }

    enum Action: Equatable, Sendable {
        case ask(Contestant)
        /// `timePassed` is expected then.
        case wake(at: Duration)
        /// Those to choose from, all equally good; of a thorough search all, best first. None if nobody has it. Nothing
        /// comes after it.
        case finish([Winner])
    }

    struct Winner: Equatable, Sendable {
        var host: MirrorHost
        var priority: Int
        /// Its chances among the others: the more the heavier it is by its SRV record, and the faster.
        var weight: Double
    }

    private let limits: LookupLimits
    /// True if all that have it are wanted, and not only a good one soon.
    private let isThorough: Bool
    private let asked: Duration
    private var known: [MirrorHost: Contestant] = [:]
    /// Those that have not answered.
    private(set) var underWay: Set<MirrorHost> = []
    private var confirmed: [Winner] = []
    private var isComplete = false
    /// When the first has confirmed.
    private var firstConfirmed: Duration?
    private var wakes: Set<Duration> = []
    private(set) var isFinished = false

    init(asked: Duration, limits: LookupLimits, isThorough: Bool = false) {
        self.asked = asked
        self.limits = limits
        self.isThorough = isThorough
    }

    /// When it is over, whoever has not answered.
    var end: Duration { asked + limits.mirrorTime }

    /// The actions that it begins with.
    mutating func begin() -> [Action] { wake(at: end) }

    /// - Parameter now: never before that of an earlier event.
    mutating func take(_ event: Event, at now: Duration) -> [Action] {
        if isFinished { return [] }
        var actions: [Action] = []
        switch event {
        case .field(let contestants, let isComplete):
            self.isComplete = isComplete
            for contestant in contestants where known[contestant.host] == nil {
                // One that came so late would be blamed for it.
                guard now < end else { break }
                known[contestant.host] = contestant
                underWay.insert(contestant.host)
                actions.append(.ask(contestant))
            }
        case .answered(let host, let isConfirmed, let latency):
            guard underWay.remove(host) != nil else { break }
            if isConfirmed { confirm(host, latency, at: now) }
        case .timePassed: break
        }
        return actions + goOn(at: now)
    }

    private mutating func confirm(_ host: MirrorHost, _ latency: Duration, at now: Duration) {
        let contestant = known[host]!
        confirmed.append(
            Winner(
                host: host, priority: contestant.priority,
                weight: Double(contestant.weight) * latency.speed))
        if firstConfirmed == nil { firstConfirmed = now }
    }

    private mutating func goOn(at now: Duration) -> [Action] {
        if now >= end { return finish() }
        if !isThorough, let firstConfirmed {
            let best = confirmed.map(\.priority).min()!
            let rivals = underWay.map { known[$0]!.priority }.filter { $0 <= best }
            guard let first = rivals.min() else { return finish() }
            let choice = firstConfirmed + limits.choiceTime
            // A better one has longer than one that is as good.
            let end = first < best ? max(choice, asked + limits.betterMirrorTime) : choice
            return now >= end ? finish() : wake(at: min(end, self.end))
        }
        return underWay.isEmpty && isComplete ? finish() : []
    }

    private mutating func wake(at time: Duration) -> [Action] {
        wakes.insert(time).inserted ? [.wake(at: time)] : []
    }

    private mutating func finish() -> [Action] {
        isFinished = true
        let ranked = confirmed.sorted { ($0.priority, -$0.weight) < ($1.priority, -$1.weight) }
        if isThorough { return [.finish(ranked)] }
        return [.finish(ranked.filter { $0.priority == ranked[0].priority })]
    }
}
