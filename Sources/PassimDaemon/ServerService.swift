internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimMirror
internal import PassimPublish
internal import PassimServer
internal import PassimSystem
internal import PassimWeb
internal import ServiceLifecycle
internal import UnixSignals

/// The HTTPS server: its port opens when the first pass is done, or has taken two seconds.
struct ServerService: Service {
    let daemon: Daemon

    /// Seconds for downloads that are under way when the daemon is told to stop.
    static let grace = 10

    func run() async throws {
        // Before anybody is told that the daemon is there: until it is trapped, the signal is ignored.
        let hangUps = await UnixSignalsSequence(trapping: .sighup)
        let configuration = daemon.settings.withLock { $0 }
        // A disk that is slow just now, or a board that makes a key for a minute, is no failure.
        ServiceNotification.starting(seconds: 90)
        await waitForFirstPass()
        if Task.isShuttingDownGracefully { return }
        let neighbourhood = Neighbourhood(
            index: daemon.index, advertised: daemon.advertised, configuration: configuration,
            logger: daemon.logger,
            onMeteredChange: { [daemon] in daemon.tellBus() })
        defer { daemon.neighbourhood.withLock { $0 = nil } }
        daemon.neighbourhood.withLock { $0 = neighbourhood }
        let server: Server
        do {
            server = try makeServer(configuration, neighbourhood.lookup)
            try server.start(cachedFiles: daemon.descriptorLimit >= 1024 ? 64 : 4)
        } catch {
            await onThread("stop-peers") { neighbourhood.stop() }
            throw error
        }
        daemon.server.withLock { $0 = server }
        defer { daemon.server.withLock { $0 = nil } }
        daemon.tellBus()
        neighbourhood.advertise(port: server.port)
        releaseStartupPages()
        daemon.logger.notice("listening on port \(server.port)")
        if let port = server.plainPort { daemon.logger.notice("serving plain HTTP at port \(port)") }
        ServiceNotification.ready("Serving \(daemon.index.count) files on port \(server.port)")
        let renewal = Task { await renewCertificate(server) }
        let takeover = Task { await takeOverCertificates(server) }
        let watchdog = Watchdog(server)
        defer { watchdog?.stop() }
        await withGracefulShutdownHandler {
            await reload(server, startedWith: configuration, on: hangUps)
        } onGracefulShutdown: {
            ServiceNotification.stopping()
        }
        renewal.cancel()
        takeover.cancel()
        // Withdrawn while the last downloads go on: nobody else is to come.
        async let withdrawn = onThread("stop-peers", within: 4) { neighbourhood.stop() }
        let open = server.connectionCount
        if open > 0 { daemon.logger.info("stopping; \(open) connections are open") }
        await server.stop(within: ServerService.grace)
        _ = await withdrawn
    }

    private func makeServer(
        _ configuration: DaemonConfiguration, _ lookup: (any PeerLookup)?
    ) throws -> Server {
        let settings = ServerSettings(
            configuration, hostName: daemon.hostName, descriptorLimit: daemon.descriptorLimit)
        let pages = PageSource(daemon: daemon)
        do {
            return try Server(
                settings: settings, tls: daemon.tlsContext(), index: daemon.index, origins: daemon.origins,
                pages: pages, staleObserver: StaleFiles(daemon: daemon),
                shares: daemon.shares, lookup: lookup,
                logger: daemon.logger)
        } catch let failure as CannotListen {
            guard failure.error.code == .addressInUse else { throw failure.error }
            throw PortTaken(port: failure.port, key: failure.port == configuration.port ? "Port" : "HTTPPort")
        }
    }

    /// Looks each hour: the clock of a board is set some time after its start.
    private func renewCertificate(_ server: Server) async {
        while true {
            try? await Task.sleep(for: .seconds(3600), tolerance: .seconds(300))
            if Task.isCancelled { return }
            await onThread("certificate") { daemon.renewCertificate(server) }
        }
    }

    /// Takes over what an administrator's tools put in the place of key and certificate.
    private func takeOverCertificates(_ server: Server) async {
        while true {
            try? await Task.sleep(for: .seconds(Daemon.certificateInterval), tolerance: .seconds(5))
            if Task.isCancelled { return }
            guard daemon.certificate.withLock({ $0.location }) != nil,
                await onThread("certificate", { daemon.hasCertificateChanged })
            else { continue }
            // One of the two is replaced before the other.
            try? await Task.sleep(for: .seconds(2))
            await onThread("certificate") {
                daemon.logger.notice("reading key and certificate again, as their files have changed")
                daemon.replaceCertificate(server)
            }
        }
    }

    private struct PortTaken: Error, CustomStringConvertible {
        let port: UInt16
        let key: String
        var description: String {
            "port \(port) is taken: stop the other server (another passimd?), or set \(key)= in passim.conf"
        }
    }

    /// A small mirror, and what was published, is whole when the port opens, and a large one does not keep anybody
    /// waiting.
    private func waitForFirstPass() async {
        let over = Gate()
        daemon.published.whenOpen { [daemon] in daemon.mirror.whenFirstPassDone { over.open() } }
        let limit = Task {
            try? await Task.sleep(for: .seconds(2))
            over.open()
        }
        await withGracefulShutdownHandler {
            await over.wait()
        } onGracefulShutdown: {
            over.open()
        }
        limit.cancel()
    }

    /// SIGHUP: configuration, key and certificate are read again. Ends with the service.
    private func reload(
        _ server: Server, startedWith started: DaemonConfiguration, on hangUps: UnixSignalsSequence
    ) async {
        for await _ in hangUps.cancelOnGracefulShutdown() {
            ServiceNotification.reloading(monotonic: monotonicNanoseconds() / 1000)
            // It reads files, and those of disks that hang too.
            await onThreadUntilTheEnd("reload") { reload(server, startedWith: started) }
            ServiceNotification.ready("Serving \(daemon.index.count) files on port \(server.port)")
        }
    }

    private func reload(_ server: Server, startedWith started: DaemonConfiguration) {
        daemon.logger.notice("reading configuration, key and certificate again")
        let configuration = daemon.reloadDropIns(sayingAll: true)
        if !configuration.daemon.canReplace(started) {
            daemon.logger.warning(
                "Port, HTTPPort, Listen, IPv6, Path and Multicast of passim.conf take effect with a restart")
        }
        daemon.store.maxItemSize = configuration.daemon.maxItemSize
        daemon.auditLog.clients = configuration.daemon.logClients
        daemon.auditLog.rotation = AuditRotation(configuration.daemon)
        daemon.auditLog.reopen()
        daemon.neighbourhood.withLock { $0 }?.replace(configuration.daemon)
        server.replace(
            settings: ServerSettings(
                configuration.daemon, hostName: daemon.hostName, descriptorLimit: daemon.descriptorLimit))
        daemon.replaceCertificate(server)
    }
}

extension DaemonConfiguration {
    /// True if it differs from a running daemon's only in settings that can change then.
    fileprivate func canReplace(_ other: DaemonConfiguration) -> Bool {
        port == other.port && httpPort == other.httpPort && listen == other.listen && ipv6 == other.ipv6
            && path == other.path && multicast == other.multicast
    }
}

/// Has those look again at files that the server found changed whose files they are.
private struct StaleFiles: StaleEntryObserver {
    let daemon: Daemon

    func foundStale(_ item: Item, dropping drop: () -> Void) {
        if item.entry.origin == .published {
            drop()
            daemon.store.recheck(item.path)
        } else {
            daemon.mirror.recheck(item, dropping: drop)
        }
    }
}
