internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimMirror
internal import PassimServer
internal import ServiceLifecycle

/// The configured directories: scanned from the start of the service to its end.
struct MirrorService: Service {
    let daemon: Daemon
    let dropIns: [DropIn]
    let failures: [DropInFailure]

    func run() async throws {
        try daemon.mirror.start()
        daemon.apply(dropIns, failures)
        daemon.mirror.whenFirstPassDone { [daemon] in daemon.reportFirstPass() }
        try? await gracefulShutdown()
        await onThread("stop-mirror") { daemon.mirror.stop() }
    }
}

extension Daemon {
    /// Hands the drop-ins of now to the mirror, and their origins to the server before any of their files.
    func apply(_ dropIns: [DropIn], _ failures: [DropInFailure]) {
        let failed = failures.map {
            FailedDropIn(name: $0.name, path: $0.path ?? "", reason: $0.complaint.message)
        }
        mirror.replaceDropIns(dropIns, failures: failed) { [origins] all in
            origins.replace(all.map { origins.served($0) })
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
    }
}

extension OriginTable {
    /// The same object where nothing changed: its rate limit goes on.
    fileprivate func served(_ mirrored: MirrorOrigin) -> ServedOrigin {
        let dropIn = mirrored.dropIn
        if let known = origin(mirrored.id), known.cooldown == dropIn.cooldown, known.maxRate == dropIn.maxRate
        {
            return known
        }
        return ServedOrigin(
            id: mirrored.id, path: dropIn.path, cooldown: dropIn.cooldown, maxRate: dropIn.maxRate)
    }
}
