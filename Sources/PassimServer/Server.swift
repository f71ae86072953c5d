package import Logging
package import PassimCore
package import PassimCrypto
package import PassimHTTP
package import PassimIndex
package import PassimSystem
internal import Synchronization

/// Serves files by digest, over TLS, on all reactors.
package final class Server: Sendable {
    let state: ServerState
    private let listeners: ListenerSet
    private let ended: WaitGroup
    private let logger: Logger

    /// Binds the port. Nobody is answered before `start`.
    ///
    /// - Parameter tls: until `replace(tls:)`.
    /// - Parameter shares: hears of each download of a whole file.
    /// - Parameter lookup: where clients of this machine are sent for what is not here; nil: nowhere.
    /// - Throws: `CannotListen`; with `.addressInUse` where another server has the port.
    package init(
        settings: ServerSettings, tls: TLSContext, index: DigestIndex, origins: OriginTable,
        pages: any LocalPages, staleObserver: any StaleEntryObserver, shares: any ShareObserver,
        lookup: (any PeerLookup)? = nil, logger: Logger
    ) throws {
        listeners = try ListenerSet(settings.places, port: settings.port, plainPort: settings.plainPort) {
            place, error in
            logger.warning(
                error.code == .noSuchInterface
                    ? "not listening at \(place): there is no such interface; listening there when it comes"
                    : "not listening at \(place): \(error)")
        }
        state = try ServerState(
            index: index, origins: origins, pages: pages, staleObserver: staleObserver, shares: shares,
            lookup: lookup, settings: ServerState.Settings(settings, tls: tls), logger: logger)
        ended = WaitGroup(settings.reactors)
        self.logger = logger
    }

    /// The port it listens on; that of the settings, or a free one where they say 0.
    package var port: UInt16 { listeners.port }

    /// Port of HTTP without TLS; nil if there is none.
    package var plainPort: UInt16? { listeners.plainPort }

    /// Places it should listen at and does not, as an interface is missing; for people.
    package var missingPlaces: [String] { listeners.missing.map { "\($0)" } }

    /// Starts the reactors: all of them, or none.
    ///
    /// - Parameter cachedFiles: descriptors that each may keep open between requests; a power of two.
    package func start(cachedFiles: Int = 64) throws(SystemError) {
        let count = state.settings.values.reactors
        var started = 0
        do throws(SystemError) {
            while started < count {
                try startReactor(started, cachedFiles: cachedFiles)
                started += 1
            }
        } catch {
            // Started reactors end, and nobody waits for the others.
            for _ in started..<count { ended.done() }
            beginStopping(within: 0)
            throw error
        }
    }

    private func startReactor(_ number: Int, cachedFiles: Int) throws(SystemError) {
        // Made here, so that what fails is reported here, and used by its thread alone from then on.
        nonisolated(unsafe) let reactor = try Reactor(
            number: number, state: state, listeners: listeners, mailbox: state.mailboxes[number],
            cachedFiles: cachedFiles)
        _ = try SystemThread(name: "serve-\(number)") { [ended] in
            reactor.run()
            ended.done()
        }
    }

    /// For new connections; those that are open go on as they began.
    package func replace(tls: TLSContext) {
        state.changeSettings { $0.tls = tls }
        tell(.settingsChanged)
    }

    /// Limits, rates and names; places, port and reactors stay as they are.
    package func replace(settings values: ServerSettings) {
        state.changeSettings { settings in
            var replaced = ServerState.Settings(values, tls: settings.tls)
            replaced.values.reactors = settings.values.reactors
            if values.maxRate == settings.values.maxRate { replaced.limiter = settings.limiter }
            settings = replaced
        }
        tell(.settingsChanged)
    }

    /// Open connections.
    package var connectionCount: Int {
        state.connectionCount
    }

    /// Since the start.
    package var counts: ServerCounts {
        var sum = ServerCounts()
        for counters in state.counters { counters.add(to: &sum) }
        return sum
    }

    /// True if each reactor has turned since the last call; then asks them again. One caller.
    package func haveReactorsTurned() -> Bool {
        let beat = state.beat.load(ordering: .relaxed)
        guard state.turns.allSatisfy({ $0.beat.load(ordering: .relaxed) == beat }) else { return false }
        state.beat.store(beat + 1, ordering: .relaxed)
        tell(.beat(beat + 1))
        return true
    }

    /// Stops accepting, ends what is idle, and lets what is being sent finish.
    ///
    /// - Parameter seconds: after them, what is still being sent is cut.
    package func stop(within seconds: Int) async {
        beginStopping(within: seconds)
        await ended.wait()
        state.threads.end()
    }

    /// The same without waiting for the end.
    package func beginStopping(within seconds: Int) {
        listeners.refuse()
        tell(.drain(deadline: monotonicNanoseconds() + UInt64(seconds) * Reactor.second))
    }

    deinit {
        state.threads.end()
    }

    private func tell(_ message: Reactor.Message) {
        for mailbox in state.mailboxes { mailbox.send(message) }
    }
}
