package import Logging
internal import PassimCore
internal import PassimGLib
internal import PassimSystem

/// org.freedesktop.Passim on the system bus: connects, and connects again when the bus has gone; ends when another
/// takes the name.
package final class BusService: Sendable {
    private struct State {
        var loop: MainLoop?
        var session: BusSession?
        /// Nothing is begun any more.
        var isOver = false
        /// Tries to connect since the name was ours last.
        var failures = 0
        var hasComplained = false
        var pacer = SignalPacer()
        /// True if the loop has been asked to look at the items, or the properties.
        var itemsAreAsked = false
        var propertiesAreAsked = false
    }

    private let calls: BusCalls
    private let address: String?
    private let logger: Logger
    private let state = Lock(State())

    /// - Parameters:
    ///   - insecure: any user may publish.
    ///   - address: of another bus than that of the system.
    package init(object: any BusObject, insecure: Bool, address: String? = nil, logger: Logger) {
        calls = BusCalls(object: object, insecure: insecure)
        self.address = address
        self.logger = logger
    }

    /// Once. Returns at once; `stop` must follow.
    package func start() {
        let loop = MainLoop(name: "bus")
        state.withLock { $0.loop = loop }
        loop.perform { [weak self] in self?.connect() }
    }

    // MARK: - Connecting

    private func connect() {
        guard let loop = state.withLock({ $0.isOver ? nil : $0.loop }) else { return }
        BusConnection.open(address: address, seconds: 10, on: loop) { [weak self] result in
            switch result {
            case .success(let connection): self?.begin(connection)
            case .failure(let failure): self?.retry("\(failure)")
            }
        }
    }

    private func begin(_ connection: BusConnection) {
        let session = BusSession(connection, calls)
        let begins = state.withLock { state in
            if state.isOver { return false }
            state.session = session
            return true
        }
        guard begins else { return }
        do throws(CallFailure) {
            try session.begin { [weak self, weak session] event in
                // Nothing matters of a session that has been given up already.
                guard let self, let session, state.withLock({ $0.session === session }) else { return }
                handle(event, of: session)
            }
        } catch {
            retry("exporting the object: \(error)")
        }
    }

    private func handle(_ event: BusSession.Event, of session: BusSession) {
        switch event {
        case .owned:
            state.withLock { state in
                state.failures = 0
                state.hasComplained = false
            }
            logger.info("on the system bus as \(BusNames.service)")
        case .waiting:
            complain(
                "another program has the name \(BusNames.service) on the system bus and keeps it: waiting")
        case .refused(let failure):
            let hint = "is our org.freedesktop.Passim.conf in dbus-1/system.d, and is this user named in it?"
            retry("the system bus does not give us the name \(BusNames.service): \(failure): \(hint)")
        case .replaced:
            logger.notice(
                "another program has taken the name \(BusNames.service) on the system bus: not on the bus any more"
            )
            state.withLock { state in
                state.isOver = true
                state.session = nil
            }
            session.close {}
        case .closed(let reason):
            retry("lost: \(reason)")
        }
    }

    /// Gives the session up, and begins another one after a while.
    private func retry(_ reason: String) {
        let (session, loop, seconds) = state.withLock { state in
            defer {
                state.session = nil
                state.failures += 1
            }
            // 1, 2, 4 … 60 s
            let seconds = min(60, Double(1 << min(state.failures, 6)))
            return (state.session, state.isOver ? nil : state.loop, seconds)
        }
        session?.close {}
        guard let loop else { return }
        complain("system bus: \(reason); trying again, and going on without it")
        loop.after(seconds: seconds) { [weak self] in self?.connect() }
    }

    /// Once, until the name is ours again.
    private func complain(_ message: Logger.Message) {
        let isFirst = state.withLock { state in
            defer { state.hasComplained = true }
            return !state.hasComplained
        }
        logger.log(level: isFirst ? .warning : .debug, message)
    }

    // MARK: - Signals

    /// From any thread, as often as it likes: the signal comes at most once a second.
    package func itemsChanged() {
        let loop = state.withLock { state in
            guard let loop = state.loop, !state.itemsAreAsked else { return MainLoop?.none }
            state.itemsAreAsked = true
            return loop
        }
        loop?.perform { [weak self] in
            guard let self else { return }
            pace { state in
                state.itemsAreAsked = false
                return state.pacer.change()
            }
        }
    }

    private func pace(_ body: @Sendable (inout State) -> SignalPacer.Action) {
        let (action, session, loop) = state.withLock { (body(&$0), $0.session, $0.loop) }
        guard action == .send else { return }
        session?.tellItems()
        loop?.after(seconds: 1) { [weak self] in self?.pace { $0.pacer.pauseEnded() } }
    }

    /// From any thread: tells of those that are others than last time.
    package func propertiesChanged() {
        let loop = state.withLock { state in
            guard let loop = state.loop, !state.propertiesAreAsked else { return MainLoop?.none }
            state.propertiesAreAsked = true
            return loop
        }
        loop?.perform { [weak self] in
            let session = self?.state.withLock { state in
                state.propertiesAreAsked = false
                return state.session
            }
            session?.tellProperties()
        }
    }

    // MARK: - The end

    /// Gives up the name, lets running calls finish for a moment, and closes: 4 s at most. Once.
    package func stop() {
        let (loop, session) = state.withLock { state in
            defer { state.session = nil }
            state.isOver = true
            return (state.loop, state.session)
        }
        guard let loop else { return }
        if let session {
            wait(on: loop) { session.releaseName($0) }
        }
        calls.finish(until: monotonicNanoseconds() + 2_000_000_000)
        if let session {
            wait(on: loop) { session.close($0) }
        }
        loop.stop()
        state.withLock { $0.loop = nil }
    }

    /// Waits for what the bus's thread does, 1 s at most.
    private func wait(on loop: MainLoop, _ body: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void)
    {
        let eventCount = EventCount()
        let ticket = eventCount.ticket()
        loop.perform { body { eventCount.notify() } }
        eventCount.wait(after: ticket, until: monotonicNanoseconds() + 1_000_000_000)
    }
}
