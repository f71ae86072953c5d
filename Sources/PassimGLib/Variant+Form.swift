internal import CGLib

extension Variant {
    /// The body of a message that has these parameters, as GDBus marshals it: what tests compare with.
    var messageBody: [UInt8]? {
        let message = g_dbus_message_new_signal("/", "a.b", "c")
        defer { g_object_unref(UnsafeMutableRawPointer(message)) }
        g_dbus_message_set_serial(message, 1)
        lend { g_dbus_message_set_body(message, $0) }
        var size: gsize = 0
        let blob = g_dbus_message_to_blob(message, &size, GDBusCapabilityFlags(rawValue: 0), nil)
        guard let blob else { return nil }
        defer { g_free(blob) }
        let bytes = UnsafeRawBufferPointer(start: blob, count: Int(size))
        // The second word of the header is the length of the body.
        return Array(bytes.suffix(Int(bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self))))
    }
}
