// The composition: which parts there are, who hears of whom, and in which order they start and stop.

internal import Glibc
package import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimCrypto
internal import PassimIndex
internal import PassimMirror
internal import PassimServer
internal import PassimSystem
internal import ServiceLifecycle
internal import UnixSignals

package final class Daemon: Sendable {
    let options: DaemonOptions
    let paths: Paths
    let logger: Logger
    let index = DigestIndex()
    let origins = OriginTable()
    let mirror: Mirror
    let advertised: AdvertisedDigests
    /// From when the server starts until it stops.
    let neighbourhood = Lock<Neighbourhood?>(nil)
    /// While it runs.
    let server = Lock<Server?>(nil)
    let started = monotonicNanoseconds()
    let startTime = wallClock()
    let history: History
    /// As it was read last. Held while it is read and applied: for those who do that only.
    let configured = Lock(Configuration())
    let descriptorLimit: Int
    let hostName = PassimDaemon.hostName()

    /// Reads nothing yet but the environment.
    package init(options: DaemonOptions, logger: Logger) {
        self.options = options
        self.logger = logger
        history = History(started: started)
        limitHeapRetention(arenas: 2)
        descriptorLimit = raiseDescriptorLimit(to: 65536)
        paths = Paths(environment: options.environment)
        advertised = AdvertisedDigests(index: index)
        mirror = Mirror(
            index: index,
            store: ChecksumStore(directory: paths.checksumDirectory, logger: logger),
            place: options.environment["PASSIM_CHECKSUMS"] == "store" ? .storeOnly : .attributes,
            logger: logger)
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Returns: the exit status: 0, or 1 where the daemon could not serve.
    package func run() async -> Int32 {
        // Until the server runs and takes it for "read again", it must not kill.
        _ = signal(SIGHUP, SIG_IGN)
        let configuration = readConfiguration()
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: MirrorService(daemon: self)),
            .init(service: ServerService(daemon: self, configuration: configuration.daemon)),
            .init(service: HistoryService(daemon: self)),
        ]
        if options.timedExit {
            services.append(
                .init(service: TimedExit(), successTerminationBehavior: .gracefullyShutdownGroup))
        }
        var lifecycleLogger = logger
        lifecycleLogger.logLevel = max(.error, logger.logLevel)
        let group = ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: lifecycleLogger))
        do {
            try await group.run()
            logger.info("stopped")
            return 0
        } catch {
            logger.critical("\(error)")
            return 1
        }
    }

    /// Reads passim.conf and the drop-ins for the first time, and says what is wrong with them.
    private func readConfiguration() -> Configuration {
        let configuration = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration)
        say(configuration.allComplaints)
        configured.withLock { $0 = configuration }
        return configuration
    }

    /// As the bus and the page tell it.
    var status: DaemonStatus {
        if !mirror.firstPassDone { return .loading }
        return neighbourhood.withLock { $0 }?.isMetered == true ? .disabledMetered : .running
    }

    func say(_ complaints: [Complaint]) {
        for complaint in complaints {
            logger.log(level: complaint.severity == .error ? .error : .warning, "\(complaint)")
        }
    }

    /// Key and certificate, made where there are none.
    func tlsContext() throws(CryptoError) -> TLSContext {
        let (identity, events) = try ServerIdentity.load(
            from: .init(keyPath: paths.secretKey, certificatePath: paths.certificate), hostName: hostName,
            now: wallClock())
        for event in events { logger.log(level: event.isWarning ? .warning : .notice, "\(event)") }
        return try TLSContext(serving: identity)
    }
}
