internal import CSystemd

/// What systemd is told of the daemon's life (sd_notify(3)); nothing happens where NOTIFY_SOCKET is not set.
enum ServiceNotification {
    static func ready(_ status: String) {
        sd_notify(0, "READY=1\nSTATUS=\(status)")
    }

    /// The start goes on, and may take so long from now on.
    static func starting(seconds: Int) {
        sd_notify(0, "STATUS=Reading files\nEXTEND_TIMEOUT_USEC=\(seconds * 1_000_000)")
    }

    static func status(_ status: String) {
        sd_notify(0, "STATUS=\(status)")
    }

    /// - Parameter monotonic: microseconds of CLOCK_MONOTONIC, which Type=notify-reload asks for.
    static func reloading(monotonic: UInt64) {
        sd_notify(0, "RELOADING=1\nMONOTONIC_USEC=\(monotonic)")
    }

    static func stopping() {
        sd_notify(0, "STOPPING=1")
    }
}
