internal import CGLib
internal import PassimCore

/// A connection to a message bus (GDBusConnection) of our own: not the one that GIO shares within a process, which
/// may end that process when the bus goes. Closed with the last reference.
package final class BusConnection: @unchecked Sendable {
    // Unchecked: GDBusConnection may be used from any thread.
    private let pointer: OpaquePointer
    /// The undoing of each export and subscription.
    let registrations = Lock<[Registration]>([])

    /// GDBus's numbers of what calls us.
    enum Registration {
        case object(guint)
        case signal(guint)
    }

    /// - Parameter pointer: a reference that is this object's from now on.
    init(taking pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        // GDBus sends its queue in a thread of its own; nobody waits for it.
        g_dbus_connection_close(pointer, nil, nil, nil)
        g_object_unref(UnsafeMutableRawPointer(pointer))
    }

    /// Lends the connection: optimized code lets go of an object as soon as nothing but its pointer is used.
    func lend<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        withExtendedLifetime(self) { body(pointer) }
    }

    /// Connects to a bus, and waits for that.
    ///
    /// - Parameter address: nil is the system bus, at $DBUS_SYSTEM_BUS_ADDRESS or its standard address.
    package convenience init(address: String?, seconds: Double) throws(CallFailure) {
        let address = try BusConnection.resolve(address)
        var error: UnsafeMutablePointer<GError>?
        let (pointer, isOver) = TimeLimit.run(seconds: seconds) { cancellable in
            g_dbus_connection_new_for_address_sync(address, BusConnection.flags, nil, cancellable, &error)
        }
        guard let pointer else {
            let failure = CallFailure(consuming: error)
            throw isOver ? .timedOut : failure
        }
        self.init(taking: pointer)
    }

    static func resolve(_ address: String?) throws(CallFailure) -> String {
        if let address { return address }
        var error: UnsafeMutablePointer<GError>?
        guard let text = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, nil, &error) else {
            throw CallFailure(consuming: error)
        }
        defer { g_free(text) }
        return String(cString: text)
    }

    /// The flags of a client of a bus.
    static let flags = GDBusConnectionFlags(
        rawValue: G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT.rawValue
            | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION.rawValue)
}
