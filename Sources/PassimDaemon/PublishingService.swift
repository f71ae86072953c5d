internal import Logging
internal import PassimCore
internal import PassimPublish
internal import ServiceLifecycle

/// Published items, the audit log and the total: loaded at the start, and written to the end at the end, when all
/// others have stopped.
struct PublishingService: Service {
    let daemon: Daemon

    func run() async throws {
        await withGracefulShutdownHandler {
            await onThread("load-items") { daemon.loadPublished() }
        } onGracefulShutdown: {
            // Reading gigabytes is left.
            daemon.store.stop()
        }
        daemon.published.open()
        daemon.tellBus()
        try? await gracefulShutdown()
        await onThread("stop-items") {
            daemon.store.stop()
            daemon.totals.stop()
            daemon.auditLog.stop()
        }
    }
}

extension Daemon {
    fileprivate func loadPublished() {
        totals.load()
        store.load()
        do {
            try auditLog.start()
            try totals.start()
            try store.start()
        } catch {
            // Without the thread nothing expires; files of directories are served all the same.
            logger.error("published items are not looked after: \(error)")
        }
    }
}
