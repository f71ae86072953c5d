internal import CSystemd
internal import Glibc
internal import PassimCore
internal import PassimSystem

/// Tells systemd of the daemon's life (sd_notify(3)); does nothing if NOTIFY_SOCKET is not set.
///
/// Telling waits where systemd does not read, so that a thread of its own tells all but what the watchdog's thread does.
enum ServiceNotification {
    private struct State {
        var messages: [String] = []
        var hasThread = false
    }

    private static let state = Lock(State())
    private static let eventCount = EventCount()
    /// Messages that wait; what comes past them is lost.
    private static let most = 64

    static func ready(_ status: String) {
        send("READY=1\nSTATUS=\(status)")
    }

    /// The start goes on, and may take so long from now on.
    static func starting(seconds: Int) {
        send("STATUS=Reading files\nEXTEND_TIMEOUT_USEC=\(seconds * 1_000_000)")
    }

    static func status(_ status: String) {
        send("STATUS=\(status)")
    }

    /// - Parameter monotonic: microseconds of CLOCK_MONOTONIC, which Type=notify-reload asks for.
    static func reloading(monotonic: UInt64) {
        send("RELOADING=1\nMONOTONIC_USEC=\(monotonic)")
    }

    static func stopping() {
        send("STOPPING=1")
    }

    /// Puts off what `WatchdogSec=` does. On the watchdog's thread: may wait.
    static func alive() {
        sd_notify(0, "WATCHDOG=1")
    }

    private static func send(_ message: String) {
        guard getenv("NOTIFY_SOCKET") != nil else { return }
        let needsThread = state.withLock { state in
            if state.messages.count < most { state.messages.append(message) }
            defer { state.hasThread = true }
            return !state.hasThread
        }
        if needsThread, (try? SystemThread(name: "notify") { tell() }) == nil {
            // The next message tries again.
            state.withLock { $0.hasThread = false }
        }
        eventCount.notify()
    }

    private static func tell() {
        while true {
            let ticket = eventCount.ticket()
            let message = state.withLock { $0.messages.isEmpty ? nil : $0.messages.removeFirst() }
            if let message { sd_notify(0, message) } else { eventCount.wait(after: ticket, until: nil) }
        }
    }
}
