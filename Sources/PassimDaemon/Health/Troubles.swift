internal import PassimCore
internal import PassimSystem

/// The one list of troubles. Whoever finds some says all of them each time; whoever tells of them asks `current`.
///
/// A trouble has gone when its source does not name it any more. Since when each is there is kept here, and some count only
/// when they last.
final class Troubles: Sendable {
    /// Finders of troubles; each replaces what it said before.
    enum Source: Hashable {
        case configuration, certificate, startup
    }

    /// A trouble that is one only if it is still there after so many seconds.
    struct Finding: Sendable {
        var trouble: Trouble
        var patience: Int64 = 0
    }

    private struct Key: Hashable {
        let kind: Trouble.Kind
        let subject: String
        let severity: Trouble.Severity
    }

    private struct State {
        var said: [Source: [Trouble]] = [:]
        var probes: [@Sendable () -> [Finding]] = []
        /// Unix seconds.
        var since: [Key: Int64] = [:]
    }

    private let state = Lock(State())
    private let clock: TimeSource

    init(clock: TimeSource = .system) {
        self.clock = clock
    }

    /// From now on these, and none besides, are what this source has found.
    func replace(_ source: Source, with troubles: [Trouble]) {
        state.withLock { $0.said[source] = troubles }
    }

    /// One more of a source.
    func add(_ trouble: Trouble, to source: Source) {
        state.withLock { $0.said[source, default: []].append(trouble) }
    }

    /// - Parameter probe: asked whenever somebody wants to know, on any thread: must not block.
    func ask(_ probe: @escaping @Sendable () -> [Finding]) {
        state.withLock { $0.probes.append(probe) }
    }

    /// All there are now, the worst first. Does not block.
    var current: [Trouble] {
        // They take locks of their own.
        let asked = state.withLock { $0.probes }.flatMap { $0() }
        let now = clock.now().seconds
        return state.withLock { state in
            let all = state.said.values.joined().map { Finding(trouble: $0) } + asked
            var since: [Key: Int64] = [:]
            var troubles: [Trouble] = []
            for var finding in all {
                let key = Key(
                    kind: finding.trouble.kind, subject: finding.trouble.subject,
                    severity: finding.trouble.severity)
                // The clock of a board is set some time after its start.
                let first = min(since[key] ?? state.since[key] ?? now, now)
                since[key] = first
                guard now - first >= finding.patience else { continue }
                finding.trouble.since = first
                troubles.append(finding.trouble)
            }
            state.since = since
            return troubles.sorted(by: Trouble.isWorse)
        }
    }
}
