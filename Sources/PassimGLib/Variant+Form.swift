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

// Forms that only tests make: values as people write them, and as whoever speaks D-Bus may marshal them.
extension Variant {
    /// - Parameter type: which the text need not repeat, `a{sv}` say.
    /// - Returns: nil where it is no g_variant_parse(3) text of that type.
    convenience init?(text: String, type: StaticString) {
        let type = OpaquePointer(type.utf8Start)
        guard let pointer = g_variant_parse(type, text, nil, nil, nil) else { return nil }
        self.init(taking: pointer)
    }

    /// - Parameter signature: of one value or several.
    /// - Returns: the value, a tuple where there are several; nil where GDBus refuses the message.
    convenience init?(messageBody body: [UInt8], signature: String) {
        // A method call in the order of this machine: its head is fields of a byte and a variant.
        func word(_ number: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(number)) { Array($0) } }
        func text(_ type: Character, _ code: UInt8, _ value: String) -> [UInt8] {
            [code, 1] + Array("\(type)\0".utf8) + word(value.utf8.count) + Array(value.utf8) + [0]
        }
        func padded(_ bytes: [UInt8]) -> [UInt8] { bytes + [UInt8](repeating: 0, count: -bytes.count & 7) }
        let type: [UInt8] = [8, 1, 0x67, 0, UInt8(signature.utf8.count)] + Array(signature.utf8) + [0]
        let fields = padded(text("o", 1, "/")) + padded(text("s", 3, "M")) + type
        let order = UInt8(ascii: UInt16(1).littleEndian == 1 ? "l" : "B")
        let head = [order, 1, 0, 1] + word(body.count) + word(1) + word(fields.count) + fields
        var blob = padded(head) + body
        guard
            let message = g_dbus_message_new_from_blob(
                &blob, gsize(blob.count), GDBusCapabilityFlags(rawValue: 0), nil)
        else { return nil }
        defer { g_object_unref(UnsafeMutableRawPointer(message)) }
        guard let tuple = g_dbus_message_get_body(message) else { return nil }
        let members = Variant(taking: g_variant_ref(tuple)).children
        self.init(taking: members.count == 1 ? members[0].lend { g_variant_ref($0) } : g_variant_ref(tuple))
    }
}
