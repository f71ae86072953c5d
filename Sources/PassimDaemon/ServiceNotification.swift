internal import CSystemd

/// What systemd is told of the daemon's life (sd_notify(3)); nothing happens where NOTIFY_SOCKET is not set.
enum ServiceNotification {
    static func ready(_ status: String) {
        sd_notify(0, "READY=1\nSTATUS=\(status)")
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
