internal import CGLib

/// Builds arrays and dictionaries, without an object for each of their members: a listing has 100 000.
package struct VariantBuilder: ~Copyable {
    private let builder: UnsafeMutablePointer<GVariantBuilder>

    /// - Parameter type: of a container, `aa{sv}` say; one that is not ends the process.
    package init(_ type: StaticString) {
        // GLib ends the process if there is no memory.
        builder = g_variant_builder_new(VariantBuilder.type(type))!
    }

    deinit {
        g_variant_builder_unref(builder)
    }

    /// Begins a container in the present one.
    package mutating func open(_ type: StaticString) {
        g_variant_builder_open(builder, VariantBuilder.type(type))
    }

    /// Ends the container that was begun last.
    package mutating func close() {
        g_variant_builder_close(builder)
    }

    package mutating func add(_ value: Variant) {
        value.lend { g_variant_builder_add_value(builder, $0) }
    }

    // MARK: - Entries of an `a{sv}`

    package mutating func entry(_ key: StaticString, _ text: String) {
        entry(key, g_variant_new_string(text))
    }

    package mutating func entry(_ key: StaticString, _ number: UInt32) {
        entry(key, g_variant_new_uint32(number))
    }

    package mutating func entry(_ key: StaticString, _ number: UInt64) {
        entry(key, g_variant_new_uint64(guint64(number)))
    }

    package mutating func entry(_ key: StaticString, _ number: Int64) {
        entry(key, g_variant_new_int64(gint64(number)))
    }

    package mutating func entry(_ key: StaticString, _ number: Double) {
        entry(key, g_variant_new_double(number))
    }

    package mutating func entry(_ key: StaticString, _ value: Variant) {
        value.lend { entry(key, $0) }
    }

    private func entry(_ key: StaticString, _ value: OpaquePointer) {
        // Floating references, which the one that holds them takes over.
        let key = key.withUTF8Buffer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { g_variant_new_string($0.baseAddress) }
        }
        g_variant_builder_add_value(builder, g_variant_new_dict_entry(key, g_variant_new_variant(value)))
    }

    /// The value that has been built.
    package consuming func end() -> Variant {
        Variant(taking: g_variant_builder_end(builder))
    }

    /// G_VARIANT_TYPE: a type is its own string.
    private static func type(_ type: StaticString) -> OpaquePointer {
        OpaquePointer(type.utf8Start)
    }
}
