internal import CSystemd
internal import PassimCore
internal import PassimServer
internal import PassimSystem

/// Tells systemd that the daemon lives (`WatchdogSec=` of systemd.service(5)): when each reactor has turned lately. What
/// else hangs, a disk say, does not count, as a restart would not help it.
final class Watchdog: Sendable {
    private let eventCount = EventCount()
    private let isEnding = Lock(false)

    /// - Returns: nil where systemd does not ask for it.
    init?(_ server: Server) {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0, microseconds > 0 else { return nil }
        let pause = microseconds * 1000 / 4
        // A thread, and no task: those of the pool may be held up by disks.
        let thread = try? SystemThread(name: "watchdog") { [eventCount, isEnding] in
            while !isEnding.withLock({ $0 }) {
                let ticket = eventCount.ticket()
                if server.haveReactorsTurned() { ServiceNotification.alive() }
                if isEnding.withLock({ $0 }) { return }
                eventCount.wait(after: ticket, until: monotonicNanoseconds() + pause)
            }
        }
        if thread == nil { return nil }
    }

    func stop() {
        isEnding.withLock { $0 = true }
        eventCount.notify(all: true)
    }
}
