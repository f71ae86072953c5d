internal import Glibc
internal import Logging
internal import PassimCore
internal import PassimPublish
internal import PassimServer
internal import PassimSystem
internal import ServiceLifecycle

/// The end of the daemon, whatever is stuck: a disk, the bus, a thread. Told first of all services that the daemon is to
/// stop.
struct EndGuard: Service {
    let daemon: Daemon
    /// Ends the process.
    var giveUp: @Sendable () -> Void = { _exit(0) }

    /// Nanoseconds from the signal: while nothing is sent, and while downloads finish.
    private static let patience: UInt64 = 4_500_000_000
    private static let patienceWithDownloads: UInt64 = 14_500_000_000
    private static let step: UInt64 = 100_000_000

    func run() async throws {
        try? await gracefulShutdown()
        let start = monotonicNanoseconds()
        do throws(SystemError) {
            // It goes with the process when that ends by itself.
            _ = try SystemThread(name: "end") { [self] in watch(from: start) }
        } catch {
            daemon.logger.debug("the end is not watched: \(error)")
        }
    }

    func watch(from start: UInt64) {
        let bell = Doorbell()
        while true {
            let now = monotonicNanoseconds()
            let isSending = daemon.server.withLock { $0 }.map { $0.connectionCount > 0 } ?? false
            if now >= start + (isSending ? EndGuard.patienceWithDownloads : EndGuard.patience) { break }
            bell.wait(after: bell.ticket(), until: now + EndGuard.step)
        }
        daemon.logger.warning("not everything has stopped in time: ending without it")
        // What can be saved at all takes no time.
        let saved = bell.ticket()
        _ = try? SystemThread(name: "last-save") { [self] in
            daemon.totals.stop()
            daemon.auditLog.stop()
            daemon.store.stop()
            bell.ring()
        }
        bell.wait(after: saved, until: monotonicNanoseconds() + 300_000_000)
        // And what was logged just now is written.
        bell.wait(after: bell.ticket(), until: monotonicNanoseconds() + 50_000_000)
        giveUp()
    }
}
