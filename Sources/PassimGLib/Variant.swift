internal import CGLib

/// A value of D-Bus's type system, as GVariant has it. Never changes.
package final class Variant: @unchecked Sendable {
    // Unchecked: immutable, and counted by atomics.
    let pointer: OpaquePointer

    /// - Parameter pointer: a reference that is this object's from now on, floating or not.
    init(taking pointer: OpaquePointer) {
        self.pointer = g_variant_take_ref(pointer)
    }

    deinit {
        g_variant_unref(pointer)
    }

    // MARK: - Making

    /// `s`. A NUL ends it, which D-Bus does not allow in a string.
    package convenience init(_ text: String) {
        self.init(taking: g_variant_new_string(text))
    }

    /// `u`
    package convenience init(_ number: UInt32) {
        self.init(taking: g_variant_new_uint32(number))
    }

    /// `t`
    package convenience init(_ number: UInt64) {
        self.init(taking: g_variant_new_uint64(guint64(number)))
    }

    /// `x`
    package convenience init(_ number: Int64) {
        self.init(taking: g_variant_new_int64(gint64(number)))
    }

    /// `d`
    package convenience init(_ number: Double) {
        self.init(taking: g_variant_new_double(number))
    }

    /// `b`
    package convenience init(_ truth: Bool) {
        self.init(taking: g_variant_new_boolean(gboolean(truth ? 1 : 0)))
    }

    /// `h`: the place of a descriptor in the list that goes with a message.
    package convenience init(handle: Int32) {
        self.init(taking: g_variant_new_handle(handle))
    }

    /// `(…)`
    package convenience init(tuple members: [Variant]) {
        let pointers = members.map { Optional($0.pointer) }
        self.init(taking: g_variant_new_tuple(pointers, gsize(pointers.count)))
    }

    /// `v`
    package convenience init(boxing value: Variant) {
        self.init(taking: g_variant_new_variant(value.pointer))
    }

    // MARK: - Reading

    /// The type, `a{sv}` say.
    package var type: String { String(cString: g_variant_get_type_string(pointer)) }

    /// Of `s`; nil of any other type, as all that follow.
    package var string: String? {
        guard type == "s", let text = g_variant_get_string(pointer, nil) else { return nil }
        return String(cString: text)
    }

    package var uint32: UInt32? { type == "u" ? g_variant_get_uint32(pointer) : nil }
    package var uint64: UInt64? { type == "t" ? UInt64(g_variant_get_uint64(pointer)) : nil }
    package var int64: Int64? { type == "x" ? Int64(g_variant_get_int64(pointer)) : nil }
    package var double: Double? { type == "d" ? g_variant_get_double(pointer) : nil }
    package var boolean: Bool? { type == "b" ? g_variant_get_boolean(pointer) != 0 : nil }
    package var handle: Int32? { type == "h" ? g_variant_get_handle(pointer) : nil }

    /// The members of an array, tuple, dictionary or dictionary entry, or what a `v` holds; of anything else
    /// none.
    package var children: [Variant] {
        guard g_variant_is_container(pointer) != 0 else { return [] }
        return (0..<g_variant_n_children(pointer)).map {
            Variant(taking: g_variant_get_child_value(pointer, $0))
        }
    }

    /// As `children` and compactMap, without an array of all of them: a listing has 100 000.
    package func compactMapChildren<Result>(_ body: (Variant) -> Result?) -> [Result] {
        guard g_variant_is_container(pointer) != 0 else { return [] }
        let count = g_variant_n_children(pointer)
        var results: [Result] = []
        results.reserveCapacity(Int(count))
        for number in 0..<count {
            if let result = body(Variant(taking: g_variant_get_child_value(pointer, number))) {
                results.append(result)
            }
        }
        return results
    }

    /// The entries of an `a{sv}` in their order, with the values unboxed; of anything else none.
    package func forEachEntry(_ body: (_ key: String, _ value: Variant) -> Void) {
        guard type == "a{sv}" else { return }
        for number in 0..<g_variant_n_children(pointer) {
            let entry = Variant(taking: g_variant_get_child_value(pointer, number))
            let key = Variant(taking: g_variant_get_child_value(entry.pointer, 0))
            let box = Variant(taking: g_variant_get_child_value(entry.pointer, 1))
            let value = Variant(taking: g_variant_get_child_value(box.pointer, 0))
            body(String(cString: g_variant_get_string(key.pointer, nil)), value)
        }
    }

    /// The value of a key of an `a{sv}`, unboxed; the first where there are several.
    package func value(forKey key: String) -> Variant? {
        guard type == "a{sv}" else { return nil }
        return g_variant_lookup_value(pointer, key, nil).map { Variant(taking: $0) }
    }

    /// As g_variant_print(3) shows it, for tests and logs.
    package var text: String {
        guard let text = g_variant_print(pointer, gboolean(1)) else { return "" }
        defer { g_free(text) }
        return String(cString: text)
    }
}
