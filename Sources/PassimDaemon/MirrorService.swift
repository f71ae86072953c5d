internal import PassimConfig
internal import PassimCore
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
        mirror.replaceDropIns(dropIns, failures: failures) { [origins] all in
            origins.replace(
                all.map { origin in
                    // The same object where nothing changed: its rate limit goes on.
                    if let known = origins.origin(origin.id) { return known }
                    return ServedOrigin(
                        id: origin.id, path: origin.dropIn.path, cooldown: origin.dropIn.cooldown,
                        maxRate: origin.dropIn.maxRate)
                })
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
