internal import Glibc
internal import Logging
internal import PassimCore
internal import PassimPublish
internal import PassimServer
internal import PassimSystem
internal import ServiceLifecycle

/// Bounds the daemon's end, whatever is stuck: a disk, the bus, a thread.
///
/// The last of the services, so that it is told first of all.
struct ShutdownGuard: Service {
    let daemon: Daemon
    /// Answered with the exit status when all services have ended.
    let promise: Promise<Int32>
    /// Ends the process with an exit status.
    var giveUp: @Sendable (Int32) -> Void = { _exit($0) }

    /// Nanoseconds from the signal: while nothing is sent, and while downloads finish.
    private static let patience: UInt64 = 4_500_000_000
    private static let patienceWithDownloads = UInt64(ServerService.grace) * 1_000_000_000 + patience
    private static let step: UInt64 = 100_000_000

    func run() async throws {
        var status: Int32 = 0
        do {
            try await gracefulShutdown()
        } catch {
            // Another service could not go on.
            status = 1
        }
        let start = monotonicNanoseconds()
        do throws(SystemError) {
            // A thread, since those of the pool may be what hangs. It goes with the process when that ends by itself.
            _ = try SystemThread(name: "end") { [self, status] in watch(from: start, status) }
        } catch {
            daemon.logger.debug("the end is not watched: \(error)")
        }
    }

    /// - Parameter start: when the daemon was told to end, of `monotonicNanoseconds()`.
    func watch(from start: UInt64, _ status: Int32) {
        let eventCount = EventCount()
        while true {
            let now = monotonicNanoseconds()
            let isSending = daemon.server.withLock { $0 }.map { $0.connectionCount > 0 } ?? false
            if now >= start + (isSending ? ShutdownGuard.patienceWithDownloads : ShutdownGuard.patience) {
                break
            }
            eventCount.wait(after: eventCount.ticket(), until: now + ShutdownGuard.step)
        }
        daemon.logger.warning(
            "not everything has stopped in time: a disk or another program does not answer; ending without it"
        )
        // Saving, if it works at all, is quick.
        let saved = eventCount.ticket()
        _ = try? SystemThread(name: "last-save") { [self] in
            daemon.totals.stop()
            daemon.auditLog.stop()
            daemon.store.stop()
            eventCount.notify()
        }
        eventCount.wait(after: saved, until: monotonicNanoseconds() + 300_000_000)
        // The process ends as if all had; and if it does not, without what is stuck in it.
        promise.fulfil(with: status)
        eventCount.wait(after: eventCount.ticket(), until: monotonicNanoseconds() + 200_000_000)
        giveUp(status)
    }
}
