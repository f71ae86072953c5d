// Answers mDNS questions for digests by itself, beside avahi-daemon, which keeps the service, the addresses and
// the looking. Nothing is kept of a digest: each question is looked up. All of it happens on a thread of its own.

internal import Logging
internal import PassimCore
internal import PassimSystem

final class DigestResponder: Sendable {
    enum State: Equatable, Sendable {
        case silent
        /// It answers on so many links.
        case answering(links: Int)
        /// It cannot: the port is somebody's alone, or there are no sockets to be had.
        case failed(String)
    }

    /// The state that is wanted.
    struct DesiredState: Equatable, Sendable {
        /// nil: silence.
        var names: AnswerNames?
        /// The links that the service is on; nil is everywhere.
        var places: Set<Link>?
        /// Others give the answers from now on, or nobody does.
        var saysGoodbye = true
        /// Goes up when the digests have changed.
        var revision = 0
        var isStopping = false
    }

    let ipv6: Bool
    let knows: @Sendable (DigestPrefix) -> Bool
    let logger: Logger
    let wakeUp: WakeUp
    private let onChange: @Sendable () -> Void
    private let desired = Lock(DesiredState())
    private struct Outcome {
        var state = State.silent
        var counters = AnswerCounters()
    }
    private let outcome = Lock(Outcome())
    private let thread = Lock<SystemThread?>(nil)

    /// - Parameter ipv6: over IPv6 too.
    /// - Parameter onChange: called on the responder's thread when `state` is another.
    init(
        ipv6: Bool, logger: Logger, knows: @escaping @Sendable (DigestPrefix) -> Bool,
        onChange: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        self.ipv6 = ipv6
        self.logger = logger
        self.knows = knows
        self.onChange = onChange
        wakeUp = try WakeUp()
    }

    /// From now on these answers are given, on the links where the service is.
    func answer(as names: AnswerNames, at places: Set<Link>?) {
        change { desired in
            desired.names = names
            desired.places = places
        }
        start()
    }

    /// No more answers.
    ///
    /// - Parameter saysGoodbye: whether those of before are not true any more, so that others forget them.
    func fallSilent(sayingGoodbye saysGoodbye: Bool) {
        change { desired in
            desired.names = nil
            desired.saysGoodbye = saysGoodbye
        }
    }

    /// Some digests may have gone: others are told, as far as they have asked lately.
    func recheck() {
        change { $0.revision += 1 }
    }

    /// Says goodbye, and ends the thread; it waits for nothing but the processor.
    func stop() {
        change { desired in
            desired.names = nil
            desired.isStopping = true
        }
        thread.withLock { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    var state: State { outcome.withLock { $0.state } }
    var counters: AnswerCounters { outcome.withLock { $0.counters } }

    private func change(_ body: (inout DesiredState) -> Void) {
        let isChange = desired.withLock { desired in
            let before = desired
            body(&desired)
            return desired != before
        }
        if isChange { wakeUp.signal() }
    }

    private func start() {
        // The lock keeps two from starting it.
        thread.withLock { thread in
            guard thread == nil else { return }
            do throws(SystemError) {
                thread = try SystemThread(name: "responder") { [self] in
                    ResponderThread.run(self)
                }
            } catch {
                outcome.withLock { $0.state = .failed("\(error)") }
            }
        }
    }

    // MARK: - For the thread

    var desiredState: DesiredState { desired.withLock { $0 } }

    /// The thread is over before it was told to be; another one is started when answers are to be given again.
    func end(because error: SystemError) {
        thread.withLock { $0 = nil }
        publish(.failed("\(error)"), counters)
    }

    func publish(_ state: State, _ counters: AnswerCounters) {
        let isChange = outcome.withLock { outcome in
            defer { outcome = Outcome(state: state, counters: counters) }
            return outcome.state != state
        }
        if isChange { onChange() }
    }
}
