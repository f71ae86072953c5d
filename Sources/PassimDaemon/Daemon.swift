// The composition: which parts there are, who hears of whom, and in which order they start and stop.

internal import Glibc
package import Logging
internal import PassimBus
internal import PassimConfig
internal import PassimCore
internal import PassimCrypto
internal import PassimIndex
internal import PassimMirror
internal import PassimPublish
internal import PassimServer
internal import PassimSystem
internal import ServiceLifecycle
internal import UnixSignals

package final class Daemon: Sendable {
    let options: DaemonOptions
    let paths: Paths
    let logger: Logger
    let index: DigestIndex
    let origins = OriginTable()
    let mirror: Mirror
    let store: ItemStore
    let auditLog: AuditLog
    let totals: Totals
    let shares: ShareLedger
    /// From when the daemon runs.
    let bus = Lock<BusService?>(nil)
    /// From when it listens.
    let server = Lock<Server?>(nil)
    /// Open when published items are loaded.
    let published = Latch()
    let advertised: AdvertisedDigests
    /// From when the server starts until it stops.
    let neighbourhood = Lock<Neighbourhood?>(nil)
    let started = monotonicNanoseconds()
    let startTime = wallClock()
    let history: History
    /// As it was read last. Held while it is read and applied: for those who do that only.
    let configured: Lock<Configuration>
    /// The values of passim.conf in effect, for everybody.
    let settings: Lock<DaemonConfiguration>
    let descriptorLimit: Int
    let hostName = PassimDaemon.hostName()

    /// Reads the configuration, and says what is wrong with it.
    package init(options: DaemonOptions, logger: Logger) {
        self.options = options
        self.logger = logger
        history = History(started: started)
        limitHeapRetention(arenas: 2)
        descriptorLimit = raiseDescriptorLimit(to: 65536)
        paths = Paths(environment: options.environment)
        let configuration = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration)
        configured = Lock(configuration)
        settings = Lock(configuration.daemon)
        index = DigestIndex()
        let mirror = Mirror(
            index: index,
            store: ChecksumStore(directory: paths.checksumDirectory, logger: logger),
            place: options.environment["PASSIM_CHECKSUMS"] == "store" ? .storeOnly : .attributes,
            logger: logger)
        self.mirror = mirror
        advertised = AdvertisedDigests(index: index) { mirror.pendingFiles(besides: $0) }
        auditLog = AuditLog(path: paths.auditLog, clients: configuration.daemon.logClients, logger: logger)
        totals = Totals(path: paths.totals, auditLog: paths.auditLog, logger: logger)
        store = ItemStore(
            directory: configuration.daemon.path ?? paths.publishedItems, stateFile: paths.shareCounts,
            index: index, maxItemSize: configuration.daemon.maxItemSize, bootTime: try? bootTime(),
            logger: logger
        ) { [auditLog] event in
            switch event {
            case .published(let item): auditLog.record(published: item)
            case .deleted(let digest, let filename): auditLog.record(deleted: digest, filename: filename)
            }
        }
        shares = ShareLedger(store: store, log: auditLog, totals: totals)
        say(configuration.allComplaints)
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Returns: the exit status: 0, or 1 where the daemon could not serve.
    package func run() async -> Int32 {
        // Until the server runs and takes it for "read again", it must not kill.
        _ = signal(SIGHUP, SIG_IGN)
        // A file that would be longer than a limit of the process is an error (EFBIG), not the end.
        _ = signal(SIGXFSZ, SIG_IGN)
        let bus = BusService(object: DaemonObject(daemon: self), insecure: options.insecure, logger: logger)
        self.bus.withLock { $0 = bus }
        let subscription = index.subscribe { [bus] _ in bus.itemsChanged() }
        defer { subscription.cancel() }
        // They are ended in reverse order, one after the other.
        var services: [ServiceGroupConfiguration.ServiceConfiguration] = [
            .init(service: PublishingService(daemon: self)),
            .init(service: MirrorService(daemon: self)),
            .init(service: ServerService(daemon: self)),
            .init(service: HistoryService(daemon: self)),
            .init(service: BusRunner(bus: bus, store: store)),
            .init(service: EndGuard(daemon: self)),
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

    /// As the bus and the page tell it.
    var status: DaemonStatus {
        if server.withLock({ $0 == nil }) { return .starting }
        if !mirror.firstPassDone || !published.isOpen { return .loading }
        return neighbourhood.withLock { $0 }?.isMetered == true ? .disabledMetered : .running
    }

    /// Where it listens; before it does, where it is going to.
    var port: UInt16 { server.withLock { $0 }?.port ?? settings.withLock { $0.port } }

    /// kg CO2e of what clients did not fetch over the Internet, ever.
    var carbonSaving: Double { Double(totals.downloadSaving) / 0x1p30 * settings.withLock { $0.carbonCost } }

    /// Of itself, something has changed.
    func tellBus() {
        bus.withLock { $0 }?.propertiesChanged()
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
