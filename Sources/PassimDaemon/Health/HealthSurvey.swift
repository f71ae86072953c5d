internal import Logging
internal import PassimCore
internal import PassimSystem
internal import ServiceLifecycle

/// Looks twice a minute, on a thread of its own, at what may wait for a disk: room and freshness. And sooner where somebody
/// asks, so that what is told is seconds old.
final class HealthSurvey: Sendable {
    private struct State {
        /// Monotonic nanoseconds.
        var looked: UInt64 = 0
        var isStopping = false
    }

    private let state = Lock(State())
    private let eventCount = EventCount()

    private static let interval: UInt64 = 30_000_000_000
    /// An older look is repeated when somebody asks.
    private static let fresh: UInt64 = 2_000_000_000

    /// - Parameter look: may block.
    func start(_ look: @escaping @Sendable () -> Void) throws(SystemError) {
        _ = try SystemThread(name: "health") { [self] in
            while true {
                let ticket = eventCount.ticket()
                if state.withLock({ $0.isStopping }) { return }
                look()
                let now = monotonicNanoseconds()
                state.withLock { $0.looked = now }
                eventCount.wait(after: ticket, until: now + HealthSurvey.interval)
            }
        }
    }

    /// Somebody is told of what was found last.
    func noteReader() {
        let isOld = state.withLock { monotonicNanoseconds() > $0.looked + HealthSurvey.fresh }
        if isOld { eventCount.notify() }
    }

    /// A thread that waits for a disk is left behind.
    func stop() {
        state.withLock { $0.isStopping = true }
        eventCount.notify()
    }
}

struct HealthService: Service {
    let daemon: Daemon

    func run() async throws {
        do throws(SystemError) {
            try daemon.survey.start { [daemon] in daemon.lookAtDisks() }
        } catch {
            daemon.logger.warning("free space and the age of mirrors cannot be checked: \(error)")
        }
        try? await gracefulShutdown()
        daemon.survey.stop()
        daemon.disks.close()
    }
}
