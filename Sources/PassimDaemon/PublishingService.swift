internal import Logging
internal import PassimCore
internal import PassimPublish
internal import PassimSystem
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
            daemon.auditLog.stop()
            daemon.totals.stop()
            do throws(SystemError) {
                try daemon.mirrorShares.save()
            } catch {
                daemon.logger.warning("the download counts of files cannot be saved: \(error)")
            }
        }
    }
}

extension Daemon {
    fileprivate func loadPublished() {
        do {
            auditLog.recover()
            totals.load()
            mirrorShares.load()
            try auditLog.start()
            try totals.start()
        } catch {
            logger.error("the audit log and the total of bytes sent are not written: \(error)")
            troubles.add(
                Trouble(
                    .warning, .state, "the audit log and the total of bytes sent are not written",
                    why: "\(error)",
                    command: "systemctl restart passim"), to: .startup)
        }
        store.load()
        do {
            try store.start()
        } catch {
            // Without the thread nothing expires; files of directories are served all the same.
            logger.error("published files do not expire until passimd is restarted: \(error)")
            troubles.add(
                Trouble(
                    .warning, .state, subject: "published", "published files do not expire", why: "\(error)",
                    command: "systemctl restart passim"), to: .startup)
        }
    }
}
