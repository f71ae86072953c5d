/// All names on the bus.
enum BusNames {
    static let service = "org.freedesktop.Passim"
    static let path = "/"
    static let passim = "org.freedesktop.Passim"
    /// Ours: what the stock daemon has not.
    static let mirror = "org.freedesktop.Passim.Mirror"
    static let properties = "org.freedesktop.DBus.Properties"

    /// The bus daemon itself.
    static let bus = "org.freedesktop.DBus"
    static let busPath = "/org/freedesktop/DBus"
    /// An interface of dbus-daemon only.
    static let statistics = "org.freedesktop.DBus.Debug.Stats"

    static let invalidArguments = "org.freedesktop.DBus.Error.InvalidArgs"
    static let limitsExceeded = "org.freedesktop.DBus.Error.LimitsExceeded"
    static let noMemory = "org.freedesktop.DBus.Error.NoMemory"
    static let noSuchName = "org.freedesktop.DBus.Error.NameHasNoOwner"
    static let failed = "org.freedesktop.DBus.Error.Failed"
    static let unknownMethod = "org.freedesktop.DBus.Error.UnknownMethod"
}
