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
    let mirrorShares: StaticShareCounts
    /// From when the daemon runs.
    let bus = Lock<BusService?>(nil)
    /// That is served; from when the daemon listens.
    let identity = Lock<ServerIdentity?>(nil)
    /// An administrator's key and certificate files, as they were read last.
    let certificate = Lock(CertificateState())
    /// Held while key and certificate are read, made and taken over: for those who do that only.
    let certificateTurn = Lock(())
    /// From when it listens.
    let server = Lock<Server?>(nil)
    /// Open when published items are loaded.
    let published = Gate()
    let advertised: AdvertisedDigests
    let troubles = Troubles()
    let survey = HealthSurvey()
    let disks = DiskSurvey()
    let freshness: FreshnessSurvey
    /// Addresses of `Listen=` absent at the last look.
    let absentAddresses = Lock<[String]>([])
    /// Drop-ins the mirror shares.
    let sharedDropIns = Lock<[OriginID: DropIn]>([:])
    /// From when the server starts until it stops.
    let neighbourhood = Lock<Neighbourhood?>(nil)
    let started = monotonicNanoseconds()
    let startTime = wallClock()
    let history: History
    let recentDownloads: RecentDownloads
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
        recentDownloads = RecentDownloads(started: started)
        limitHeapRetention(arenas: 2)
        descriptorLimit = raiseDescriptorLimit(to: 65536)
        paths = Paths(environment: options.environment)
        let configuration = Configuration.read(systemConfigurationDirectory: paths.systemConfiguration)
        configured = Lock(configuration)
        settings = Lock(configuration.daemon)
        index = DigestIndex()
        freshness = FreshnessSurvey(index: index, paths: paths)
        let published = configuration.daemon.path ?? paths.publishedItems
        // Before anything is shared, so that they are known. Whoever fails to use them says so.
        try? makeDirectories(paths.stateDirectory, mode: 0o700)
        try? makeDirectories(paths.logDirectory, mode: 0o755)
        try? makeDirectories(paths.checksumDirectory, mode: 0o700)
        let mirror = Mirror(
            index: index,
            store: ChecksumStore(directory: paths.checksumDirectory, logger: logger),
            place: options.environment["PASSIM_CHECKSUMS"] == "store" ? .storeOnly : .attributes,
            epoch: ChecksumEpoch(directory: paths.stateDirectory),
            logger: logger, privates: PrivateDirectories(paths.privateDirectories(published: published)))
        self.mirror = mirror
        advertised = AdvertisedDigests(index: index) { mirror.pendingFiles(besides: $0) }
        let auditLog = AuditLog(
            path: paths.auditLog, clients: configuration.daemon.logClients,
            rotation: AuditRotation(configuration.daemon), logger: logger)
        self.auditLog = auditLog
        totals = Totals(path: paths.totals, auditLog: paths.auditLog, logger: logger) { auditLog.mark }
        store = ItemStore(
            directory: published, stateFile: paths.shareCounts,
            digestFile: paths.itemDigests, index: index, maxItemSize: configuration.daemon.maxItemSize,
            bootTime: try? bootTime(),
            logger: logger
        ) { event in
            switch event {
            case .published(let item): auditLog.record(published: item)
            case .deleted(let digest, let filename): auditLog.record(deleted: digest, filename: filename)
            }
        }
        mirrorShares = StaticShareCounts(path: paths.mirrorShares)
        shares = ShareLedger(
            store: store, log: auditLog, totals: totals, counts: mirrorShares, recent: recentDownloads)
        say(configuration.allComplaints)
        noteTroubles(of: configuration)
        beginToAsk()
    }

    /// Serves until SIGTERM or SIGINT.
    ///
    /// - Returns: the exit status: 0, or 1 where the daemon could not serve.
    package func run() async -> Int32 {
        let lock: StateLock?
        do {
            lock = try lockState()
        } catch {
            logger.critical("\(error)")
            return 1
        }
        defer { lock?.release() }
        noteOwnAddresses()
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
            .init(service: HealthService(daemon: self)),
            .init(service: BusRunner(bus: bus, store: store)),
        ]
        if options.timedExit {
            services.append(
                .init(service: TimedExit(), successTerminationBehavior: .gracefullyShutdownGroup))
        }
        let exitCode = Promise<Int32>()
        services.append(.init(service: ShutdownGuard(daemon: self, promise: exitCode)))
        var lifecycleLogger = logger
        lifecycleLogger.logLevel = max(.error, logger.logLevel)
        let group = ServiceGroup(
            configuration: .init(
                services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: lifecycleLogger))
        // Its end is waited for as long as it may take and no longer.
        Task { [logger] in
            do {
                try await group.run()
                logger.info("stopped")
                exitCode.fulfil(with: 0)
            } catch {
                logger.critical("\(error)")
                exitCode.fulfil(with: 1)
            }
        }
        return await exitCode.wait()
    }

    /// Before anything of the state directory is touched.
    ///
    /// - Returns: nil where there can be no lock: a daemon without a directory of its own serves all the same.
    private func lockState() throws -> StateLock? {
        do {
            return try StateLock(paths.stateDirectory, process: getpid())
        } catch let error as SystemError {
            logger.warning("\(paths.stateDirectory) cannot be locked: \(error)")
            troubles.add(
                Trouble(
                    .warning, .state, subject: paths.stateDirectory, "nothing is kept over a restart",
                    why: "\(paths.stateDirectory) cannot be used: \(error.sentence)",
                    command: ShellWord.command("ls -ld", paths.stateDirectory)),
                to: .startup)
            return nil
        }
    }

    /// As the bus and the page tell it.
    var status: DaemonStatus {
        if server.withLock({ $0 == nil }) { return .starting }
        if !mirror.firstPassDone || !published.isOpen { return .loading }
        return neighbourhood.withLock { $0 }?.isMetered == true ? .disabledMetered : .running
    }

    /// The port it listens at, or is going to listen at.
    var port: UInt16 { server.withLock { $0 }?.port ?? settings.withLock { $0.port } }

    /// kg CO2e of what clients did not fetch over the Internet, ever.
    var carbonSaving: Double { Double(totals.downloadSaving) / 0x1p30 * settings.withLock { $0.carbonCost } }

    /// Announces changed properties.
    func tellBus() {
        bus.withLock { $0 }?.propertiesChanged()
    }

    func say(_ complaints: [Complaint]) {
        for complaint in complaints {
            logger.log(level: complaint.severity == .error ? .error : .warning, "\(complaint)")
        }
    }
}
