internal import CGLib

extension Variant: Equatable {
    package static func == (one: Variant, other: Variant) -> Bool {
        one.lend { one in
            other.lend { g_variant_equal(UnsafeRawPointer(one), UnsafeRawPointer($0)) != 0 }
        }
    }
}

// What tests compare with what DictionaryListWriter writes.

extension Variant {
    /// Whether it is laid out as GVariant wants it: what is not reads as something else.
    var isNormalForm: Bool { lend { g_variant_is_normal_form($0) != 0 } }

    /// Bytes of the body of a message that has this value as its only parameter, as GDBus writes it.
    var sizeInMessage: Int? {
        let message = g_dbus_message_new_signal("/", "a.b", "c")
        defer { g_object_unref(UnsafeMutableRawPointer(message)) }
        g_dbus_message_set_serial(message, 1)
        Variant(tuple: [self]).lend { g_dbus_message_set_body(message, $0) }
        var size: gsize = 0
        let blob = g_dbus_message_to_blob(message, &size, GDBusCapabilityFlags(rawValue: 0), nil)
        guard let blob else { return nil }
        defer { g_free(blob) }
        // The second word of the header.
        return Int(UnsafeRawPointer(blob).load(fromByteOffset: 4, as: UInt32.self))
    }
}
