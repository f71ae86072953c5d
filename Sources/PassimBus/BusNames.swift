/// What everything is called on the bus.
enum BusNames {
    static let service = "org.freedesktop.Passim"
    static let path = "/"
    static let passim = "org.freedesktop.Passim"
    /// Ours: what the stock daemon has not.
    static let mirror = "org.freedesktop.Passim.Mirror"
    static let properties = "org.freedesktop.DBus.Properties"
}
