/// The limit that keeps records out, as avahi-daemon or the bus has said.
enum AvahiLimit: Hashable, Comparable {
    case entriesPerGroup, objectsPerConnection, connectionsOfAvahi, connectionsOfTheBus

    /// The administrator's remedy.
    var remedy: String {
        switch self {
        case .entriesPerGroup: "entries-per-entry-group-max in avahi-daemon.conf"
        case .objectsPerConnection: "objects-per-client-max in avahi-daemon.conf"
        case .connectionsOfAvahi: "clients-max in avahi-daemon.conf"
        case .connectionsOfTheBus: "max_connections_per_user of the system bus"
        }
    }
}
