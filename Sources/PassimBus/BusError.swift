internal import PassimCore
internal import PassimGLib

/// Why the daemon could not be asked, or what it answered.
package enum BusError: Error, Hashable, Sendable {
    /// There is no connection to the system bus: why.
    case noBus(String)
    /// Nobody has the daemon's name on the bus.
    case noDaemon
    /// The daemon is an older one, without what is ours.
    case noMirrorInterface
    /// The bus's policy does not let this user ask that.
    case accessDenied(String)
    /// The daemon did not answer in time, or ended while it was asked.
    case timedOut
    /// Any other error answer.
    case remote(name: String, message: String)

    private static let prefix = "org.freedesktop.DBus.Error."

    /// - Parameter isMirror: whether what was called is ours.
    init(_ failure: CallFailure, isMirror: Bool) {
        switch failure {
        case .disconnected(let reason): self = .noBus(reason)
        case .timedOut: self = .timedOut
        case .failed(let reason): self = .remote(name: BusError.prefix + "Failed", message: reason)
        // systemd's answers to a bus that asks it for a unit which is disabled, and so has no alias, or is masked.
        case .remote("org.freedesktop.systemd1.NoSuchUnit", _),
            .remote("org.freedesktop.systemd1.UnitMasked", _):
            self = .noDaemon
        case .remote(let name, let message):
            switch name.hasPrefix(BusError.prefix) ? String(name.dropFirst(BusError.prefix.count)) : "" {
            case "ServiceUnknown", "NameHasNoOwner", "Spawn.ServiceNotFound": self = .noDaemon
            case "NoReply", "Timeout", "TimedOut": self = .timedOut
            case "AccessDenied": self = .accessDenied(message)
            case "UnknownMethod" where isMirror, "UnknownInterface" where isMirror: self = .noMirrorInterface
            default: self = .remote(name: name, message: message)
            }
        }
    }
}

extension BusError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .noBus(let reason): "cannot reach passimd: there is no connection to the system bus: \(reason)"
        case .noDaemon: "passimd is not running"
        case .noMirrorInterface:
            "the daemon on the bus does not know this command: it is older than passim, or not ours"
        case .accessDenied(let reason):
            "the system bus does not allow this: \(reason): is our org.freedesktop.Passim.conf in dbus-1/system.d?"
        case .timedOut: "passimd is running, but did not answer in time"
        case .remote(_, let message): message
        }
    }

    /// The remedy; nil if the sentence says it.
    package var command: String? {
        switch self {
        case .noBus: "systemctl start dbus"
        case .noDaemon: "systemctl enable --now passim"
        case .timedOut: "journalctl -u passim -n 20"
        case .noMirrorInterface, .accessDenied, .remote: nil
        }
    }

    /// True if root would be allowed to.
    package var isForRoot: Bool {
        if case .remote(PublishError.notPermitted.busName, _) = self { true } else { false }
    }
}
