internal import PassimCore
internal import PassimDiscovery
internal import PassimSystem

/// The machines of the network for page and monitoring: asked for when somebody looks, and not otherwise.
final class NeighbourSurvey: Sendable {
    private struct State {
        /// Answers to the last finished survey, and its end.
        var last: [Neighbour] = []
        var completed: UInt64?
        /// Answers to the running one; nil if none is.
        var current: [Neighbour]?
    }

    private let ask: @Sendable () -> AsyncStream<Neighbour>
    private let state = Lock(State())
    private let eventCount = EventCount()

    private static let second: UInt64 = 1_000_000_000
    /// Before that nobody is asked again.
    private static let pause = 10 * second
    /// The same for monitoring, which looks all the time.
    private static let longPause = 60 * second
    /// After that what was answered is not shown any more.
    private static let lifetime = 120 * second
    /// A network that is full of services must not fill the memory.
    private static let most = 256

    convenience init(_ browser: PeerBrowser) {
        self.init { browser.neighbours() }
    }

    init(_ ask: @escaping @Sendable () -> AsyncStream<Neighbour>) {
        self.ask = ask
    }

    /// The known neighbours. Blocks for at most `nanoseconds`, if nobody has been asked for a while.
    func look(waiting nanoseconds: UInt64 = 300_000_000) -> (found: [Neighbour], isComplete: Bool) {
        let start = monotonicNanoseconds()
        beginIfDue(at: start)
        while true {
            let ticket = eventCount.ticket()
            let now = monotonicNanoseconds()
            let (found, isComplete) = snapshot(at: now)
            if isComplete || now >= start + nanoseconds { return (found, isComplete) }
            eventCount.wait(after: ticket, until: start + nanoseconds)
        }
    }

    /// How many machines answered the last survey, which is at most two minutes old; nil where there is none. Does
    /// not block.
    var machineCount: Int? {
        let now = monotonicNanoseconds()
        beginIfDue(at: now, after: NeighbourSurvey.longPause)
        return state.withLock { state in
            guard let completed = state.completed, now < completed + NeighbourSurvey.lifetime else {
                return nil
            }
            // One has several addresses.
            return Set(state.last.map(\.name)).count
        }
    }

    private func snapshot(at now: UInt64) -> (found: [Neighbour], isComplete: Bool) {
        state.withLock { state in
            let isFresh = state.completed.map { now < $0 + NeighbourSurvey.lifetime } ?? false
            let known = Set((isFresh ? state.last : []) + (state.current ?? []))
            return (known.sorted { ($0.name, $0.text) < ($1.name, $1.text) }, isFresh)
        }
    }

    private func beginIfDue(at now: UInt64, after pause: UInt64 = NeighbourSurvey.pause) {
        let isDue = state.withLock { state in
            guard state.current == nil else { return false }
            if let completed = state.completed, now < completed + pause { return false }
            state.current = []
            return true
        }
        guard isDue else { return }
        Task {
            for await neighbour in ask() {
                state.withLock { state in
                    if state.current!.count < NeighbourSurvey.most { state.current!.append(neighbour) }
                }
            }
            state.withLock { state in
                state.last = state.current!
                state.current = nil
                state.completed = monotonicNanoseconds()
            }
            eventCount.notify(all: true)
        }
    }
}

extension Neighbour {
    fileprivate var text: String { "\(peer.address) \(peer.port)" }
}
