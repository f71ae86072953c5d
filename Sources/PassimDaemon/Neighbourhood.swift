internal import Glibc
internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimDiscovery
internal import PassimFetch
internal import PassimGLib
internal import PassimIndex
internal import PassimLookup
internal import PassimServer
internal import PassimSystem

/// This machine among those of its network: found by them, and finding them for clients of its own.
///
/// Nothing here keeps the daemon from serving: what cannot be had costs a warning.
final class Neighbourhood: Sendable {
    private let index: DigestIndex
    private let advertised: AdvertisedDigests
    private let logger: Logger
    private let ipv6: Bool
    private let listening: [Socket.Place]
    private let onMeteredChange: @Sendable () -> Void
    /// True if the network is asked and told by mDNS.
    let isMulticast: Bool
    private let browser: PeerBrowser?
    private let probers: [PeerProber]
    /// For clients of this machine; nil where nobody can be asked.
    let lookup: PeerSearch?
    /// Those that the administrator has named; nil where nobody can be asked.
    let mirrors: MirrorSearch?
    /// For the page; nil where the network cannot be asked.
    let survey: NeighbourSurvey?

    private struct State {
        var advertiser: Advertiser?
        var subscription: Subscription?
        var loop: MainLoop?
        var monitor: NetworkMonitor?
        var isMetered = false
        var answering: Answering
    }
    private let state: Lock<State>

    /// - Parameter onMeteredChange: called on a thread of its own.
    init(
        index: DigestIndex, advertised: AdvertisedDigests, configuration: DaemonConfiguration, logger: Logger,
        onMeteredChange: @escaping @Sendable () -> Void
    ) {
        let ipv6 = configuration.ipv6
        state = Lock(State(answering: Answering(configuration.responder)))
        listening = ServerSettings.places(configuration)
        self.index = index
        self.advertised = advertised
        self.logger = logger
        self.ipv6 = ipv6
        self.onMeteredChange = onMeteredChange
        isMulticast = configuration.multicast
        do {
            let prober = try PeerProber(logger: logger)
            // Peers that hang must not keep the named ones from being asked.
            let isMulticast = configuration.multicast
            let mirrorProber = try isMulticast ? PeerProber(name: "mirrors", logger: logger) : prober
            let browser =
                try isMulticast
                ? PeerBrowser(ipv6: ipv6, networks: configuration.peerNetworks, logger: logger) : nil
            try browser?.start()
            let finder: any PeerFinder = if let browser { browser } else { NoPeers() }
            let mirrors = MirrorSearch(probe: mirrorProber, resolver: MirrorResolver())
            self.browser = browser
            self.mirrors = mirrors
            probers = [prober, mirrorProber]
            lookup = PeerSearch(
                mirrors: mirrors, finder: finder, probe: prober, daemonUser: geteuid())
            survey = browser.map { NeighbourSurvey($0) }
        } catch {
            logger.warning("no peers can be asked for files that are not here: \(error)")
            browser = nil
            probers = []
            lookup = nil
            mirrors = nil
            survey = nil
        }
        mirrors?.replace(configuration.mirrors)
    }

    /// True if the connection is metered: then nothing is advertised.
    var isMetered: Bool { state.withLock { $0.isMetered } }

    /// How others find this machine.
    var advertising: AdvertiserStatus { state.withLock { $0.advertiser }?.status ?? AdvertiserStatus() }

    /// Counts of this daemon's own answers.
    var answers: AnswerCounters { state.withLock { $0.advertiser }?.answers ?? AnswerCounters() }

    /// Has this machine found, from now on; without multicast nobody is told of it.
    ///
    /// - Parameter port: where it serves.
    func advertise(port: UInt16) {
        guard isMulticast else { return }
        do throws(SystemError) {
            let advertised = advertised
            let advertiser = try Advertiser(
                port: port, listening: listening, ipv6: ipv6, answering: state.withLock { $0.answering },
                logger: logger, source: advertised)
            advertised.whenHiddenChange { advertiser.reload() }
            // Before the first is registered: it is not to be seen on a metered connection at all.
            let loop = MainLoop(name: "glib")
            let monitor = NetworkMonitor(on: loop) { [weak self] in self?.setMetered($0) }
            state.withLock { state in
                state.advertiser = advertiser
                state.loop = loop
                state.monitor = monitor
                state.subscription = index.subscribe { batch in
                    advertiser.apply(batch, advertised)
                }
                if state.isMetered { advertiser.setPaused(true) }
            }
            try advertiser.start()
        } catch {
            logger.warning("nothing is advertised: \(error)")
        }
    }

    private func setMetered(_ isMetered: Bool) {
        let (advertiser, isChange) = state.withLock { state in
            defer { state.isMetered = isMetered }
            return (state.advertiser, state.isMetered != isMetered)
        }
        advertiser?.setPaused(isMetered)
        if isChange {
            logger.notice(
                isMetered
                    ? "the connection is metered: nothing is advertised until it is not"
                    : "the connection is not metered any more")
            onMeteredChange()
        }
    }

    /// From now on, without a gap.
    func replace(_ configuration: DaemonConfiguration) {
        let answering = Answering(configuration.responder)
        let advertiser = state.withLock { state in
            state.answering = answering
            return state.advertiser
        }
        advertiser?.setAnswering(answering)
        browser?.replace(networks: configuration.peerNetworks)
        mirrors?.replace(configuration.mirrors)
    }

    /// Withdraws what is advertised, and ends all questions; may block for some two seconds.
    func stop() {
        let state = state.withLock { state in
            defer { state = State(isMetered: state.isMetered, answering: state.answering) }
            return state
        }
        state.subscription?.cancel()
        advertised.whenHiddenChange(nil)
        // At the same time: on a bus that is mute each may take as long as it is given.
        let stopping = Neighbourhood.threads([
            { state.advertiser?.stop() }, { [browser] in browser?.stop() }, { state.loop?.stop() },
        ])
        for prober in probers { prober.stop() }
        for thread in stopping { thread.join() }
    }
}

extension Neighbourhood {
    /// Runs each on a thread of its own, or here if none can be had.
    private static func threads(_ bodies: [@Sendable () -> Void]) -> [SystemThread] {
        bodies.compactMap { body in
            do throws(SystemError) {
                return try SystemThread(name: "stop-peers", body)
            } catch {
                body()
                return nil
            }
        }
    }
}

extension Advertiser {
    /// Applies a batch's changes that others see.
    fileprivate func apply(_ batch: Batch, _ advertised: AdvertisedDigests) {
        var appeared: [Digest] = []
        var vanished = batch.vanished
        for digest in batch.appeared + batch.altered {
            if advertised.contains(digest) { appeared.append(digest) } else { vanished.append(digest) }
        }
        apply(appeared: appeared, vanished: vanished)
    }
}

extension Answering {
    fileprivate init(_ responder: Responder) {
        self =
            switch responder {
            case .auto: .automatic
            case .never: .never
            case .always: .always
            }
    }
}
