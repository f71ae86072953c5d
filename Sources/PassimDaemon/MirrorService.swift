internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimMirror
internal import PassimPublish
internal import PassimServer
internal import ServiceLifecycle

/// The configured directories: scanned and watched from the start of the service to its end, and their
/// drop-ins read again when they change.
struct MirrorService: Service {
    let daemon: Daemon

    func run() async throws {
        // Changes that come while one is read are one change.
        let (changes, change) = AsyncStream.makeStream(
            of: Set<RawName>.self, bufferingPolicy: .bufferingNewest(1))
        // Before they are read: what changes after that is told.
        daemon.mirror.watch(dropIns: daemon.paths.dropInDirectory) { change.yield($0) }
        try daemon.mirror.start()
        await onThreadUntilTheEnd("drop-ins") { [daemon] in daemon.reloadDropIns(sayingAll: false) }
        daemon.mirror.whenFirstPassDone { [daemon] in daemon.reportFirstPass() }
        for await unfinished in changes.cancelOnGracefulShutdown() {
            await onThreadUntilTheEnd("drop-ins") {
                daemon.reloadDropIns(sayingAll: false, leaving: unfinished)
            }
        }
        if await !onThread("stop-mirror", within: 3, { daemon.mirror.stop() }) {
            daemon.logger.warning("a disk does not answer: ending without it")
        }
    }
}

extension Daemon {
    /// Reads the configuration again and shares what its drop-ins say. One caller at a time; may block.
    ///
    /// - Parameter sayingAll: else only complaints that there were not before.
    /// - Parameter unfinished: drop-ins that somebody writes: they stay what they were.
    @discardableResult
    func reloadDropIns(sayingAll: Bool, leaving unfinished: Set<RawName> = []) -> Configuration {
        configured.withLock { before in
            let configuration = Configuration.read(
                systemConfigurationDirectory: paths.systemConfiguration, leaving: unfinished, asIn: before)
            say(sayingAll ? configuration.allComplaints : configuration.complaints(since: before))
            before = configuration
            settings.withLock { $0 = configuration.daemon }
            noteTroubles(of: configuration)
            apply(configuration)
            return configuration
        }
    }

    /// Hands the drop-ins of now to the mirror, and their origins to the server before any of their files.
    private func apply(_ configuration: Configuration) {
        let failed = configuration.failures.map {
            FailedDropIn(name: $0.name, path: $0.path ?? "", reason: $0.complaint.message)
        }
        let published = origins.published(in: store.directory, cooldown: configuration.daemon.cooldown)
        mirror.replaceDropIns(configuration.dropIns, failures: failed) {
            [origins, advertised, sharedDropIns, mirror] all in
            sharedDropIns.withLock { $0 = Dictionary(all.map { ($0.id, $0.dropIn) }) { $1 } }
            origins.replace([published] + all.map { origins.served($0, of: mirror) })
            advertised.replaceHidden(Set(all.filter { !$0.dropIn.advertise }.map(\.id)))
        }
    }

    func reportFirstPass() {
        let counters = mirror.counters
        logger.notice(
            """
            first pass done: \(index.count) files served, \(counters.filesHashed) hashed \
            (\(counters.bytesHashed) bytes)
            """)
        ServiceNotification.status("Serving \(index.count) files")
        tellBus()
    }
}

extension OriginTable {
    /// Published items: each has its digest in front of its name on disk.
    fileprivate func published(in directory: String, cooldown: Int) -> ServedOrigin {
        if let known = origin(.published), known.cooldown == cooldown { return known }
        return ServedOrigin(id: .published, path: directory, cooldown: cooldown, maxRate: 0) { path in
            ItemName(onDisk: path)?.filename ?? path
        }
    }

    /// The same object where nothing changed: its rate limit goes on.
    fileprivate func served(_ mirrored: MirrorOrigin, of mirror: Mirror) -> ServedOrigin {
        let dropIn = mirrored.dropIn
        let id = mirrored.id
        let names =
            dropIn.names
            ? ServedOrigin.Names(prefix: dropIn.prefix) { mirror.isPending(origin: id, path: $0) }
            : nil
        if let known = origin(id), known.cooldown == dropIn.cooldown, known.maxRate == dropIn.maxRate,
            known.names?.prefix == names?.prefix
        {
            return known
        }
        return ServedOrigin(
            id: id, path: dropIn.path, cooldown: dropIn.cooldown, maxRate: dropIn.maxRate, names: names)
    }
}
