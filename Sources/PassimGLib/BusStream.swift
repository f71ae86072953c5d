internal import CGLib
internal import Synchronization

/// A Unix socket for GDBus that writes a `MessageBody` where GDBus has a placeholder for it: a GUnixConnection, so that
/// credentials and descriptors go as ever, with an output stream of our own, which GDBus gives each message whole.
enum BusStream {
    private static let outputKey = "passim-output"
    private static let socketKey = "passim-socket"
    private static let bodiesKey = "passim-bodies"
    private static let originalKey = "passim-original"

    /// - Parameter stream: what g_dbus_address_get_stream() gives; kept, as it closes the socket when it goes.
    /// - Returns: a new reference; nil where it is no Unix socket.
    static func make(from stream: UnsafeMutablePointer<GIOStream>) -> UnsafeMutablePointer<GIOStream>? {
        guard isInstance(stream, of: g_unix_connection_get_type()) else { return nil }
        let socket = stream.withMemoryRebound(to: GSocketConnection.self, capacity: 1) {
            g_socket_connection_get_socket($0)
        }
        var value = GValue()
        g_value_init(&value, g_socket_get_type())
        g_value_set_object(&value, socket)
        defer { g_value_unset(&value) }
        guard let object = newObject(connectionType, property: "socket", value),
            let output = newObject(outputType)
        else { return nil }
        let bodies = HeldBodies()
        set(output, socketKey, g_object_ref(socket), g_object_unref)
        set(output, bodiesKey, Unmanaged.passRetained(bodies).toOpaque(), releaseUserData)
        set(object, bodiesKey, Unmanaged.passRetained(bodies).toOpaque(), releaseUserData)
        set(object, outputKey, UnsafeMutableRawPointer(output), g_object_unref)
        set(object, originalKey, g_object_ref(stream), g_object_unref)
        return UnsafeMutableRawPointer(object).assumingMemoryBound(to: GIOStream.self)
    }

    /// The bodies of a stream that was made here; nil for another.
    static func bodies(of stream: UnsafeMutableRawPointer?) -> HeldBodies? {
        guard let stream else { return nil }
        let object = stream.assumingMemoryBound(to: GObject.self)
        guard let bodies = g_object_get_data(object, bodiesKey) else { return nil }
        return Unmanaged<HeldBodies>.fromOpaque(bodies).takeUnretainedValue()
    }

    // MARK: - GObject

    /// A GUnixConnection whose output stream is the one that it was given.
    private static let connectionType = subclass(g_unix_connection_get_type(), "PassimBusStream") {
        table, _ in
        table!.assumingMemoryBound(to: GIOStreamClass.self).pointee.get_output_stream = { stream in
            let object = UnsafeMutableRawPointer(stream!).assumingMemoryBound(to: GObject.self)
            return g_object_get_data(object, outputKey)?.assumingMemoryBound(to: GOutputStream.self)
        }
    }

    private static let outputType = subclass(g_output_stream_get_type(), "PassimBusOutput") { table, _ in
        // GOutputStream calls it on a thread where whoever writes must not be kept.
        table!.assumingMemoryBound(to: GOutputStreamClass.self).pointee.write_fn = {
            stream, bytes, count, cancellable, error in
            let object = UnsafeMutableRawPointer(stream!).assumingMemoryBound(to: GObject.self)
            let socket = g_object_get_data(object, socketKey)!.assumingMemoryBound(to: GSocket.self)
            let message = UnsafeRawBufferPointer(start: bytes, count: Int(count))
            let bodies = bodies(of: stream)!
            let isSent: Bool
            if let (head, body) = bodies.replacement(for: message) {
                isSent =
                    head.withUnsafeBytes { send($0, socket, bodies, cancellable, error) }
                    && body.withBytes { send($0, socket, bodies, cancellable, error) }
            } else {
                isSent = send(message, socket, bodies, cancellable, error)
            }
            return isSent ? gssize(count) : -1
        }
    }

    /// Microseconds. dbus-daemon reads nothing more of a connection while 127 MiB of what it sent wait for others to
    /// read (max_incoming_bytes, dbus-daemon(1)): whoever asks and does not read could stop the whole service. It
    /// begins anew with another connection then.
    private static let patience: gint64 = 10_000_000

    /// All of it: GDBus's sockets do not block, so here it is waited for, as long as the bus takes something now and
    /// then.
    private static func send(
        _ bytes: UnsafeRawBufferPointer, _ socket: UnsafeMutablePointer<GSocket>, _ bodies: HeldBodies,
        _ cancellable: UnsafeMutablePointer<GCancellable>?,
        _ error: UnsafeMutablePointer<UnsafeMutablePointer<GError>?>?
    ) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            var failure: UnsafeMutablePointer<GError>?
            let start = rest.baseAddress!.assumingMemoryBound(to: CChar.self)
            let count = g_socket_send(socket, start, gsize(rest.count), cancellable, &failure)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if g_error_matches(
                failure, g_io_error_quark(), gint(G_IO_ERROR_WOULD_BLOCK.rawValue)) != 0
            {
                g_error_free(failure)
                bodies.blockedSince.store(Int(g_get_monotonic_time()), ordering: .relaxed)
                let isReady = g_socket_condition_timed_wait(socket, G_IO_OUT, patience, cancellable, error)
                bodies.blockedSince.store(0, ordering: .relaxed)
                guard isReady != 0 else { return false }
            } else {
                g_propagate_error(error, failure)
                return false
            }
        }
        return true
    }

    private static func subclass(_ parent: GType, _ name: String, _ initialize: GClassInitFunc) -> GType {
        var sizes = GTypeQuery()
        g_type_query(parent, &sizes)
        return g_type_register_static_simple(
            parent, name, sizes.class_size, initialize, sizes.instance_size, nil,
            GTypeFlags(rawValue: 0))
    }

    private static func isInstance(_ object: UnsafeMutablePointer<GIOStream>, of type: GType) -> Bool {
        object.withMemoryRebound(to: GTypeInstance.self, capacity: 1) {
            g_type_check_instance_is_a($0, type) != 0
        }
    }

    private static func newObject(_ type: GType) -> UnsafeMutablePointer<GObject>? {
        g_object_new_with_properties(type, 0, nil, nil)
    }

    private static func newObject(
        _ type: GType, property: StaticString, _ value: GValue
    ) -> UnsafeMutablePointer<GObject>? {
        property.withUTF8Buffer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { bytes in
                var names = [bytes.baseAddress]
                return g_object_new_with_properties(type, 1, &names, [value])
            }
        }
    }

    private static func set(
        _ object: UnsafeMutablePointer<GObject>, _ key: String, _ value: UnsafeMutableRawPointer?,
        _ free: GDestroyNotify
    ) {
        g_object_set_data_full(object, key, value, free)
    }
}
