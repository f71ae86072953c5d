internal import CGLib

/// A value of D-Bus's type system, as GVariant has it. Never changes.
package final class Variant: @unchecked Sendable {
    // Unchecked: immutable, and counted by atomics.
    private let pointer: OpaquePointer

    /// - Parameter pointer: a reference that is this object's from now on, floating or not.
    init(taking pointer: OpaquePointer) {
        self.pointer = g_variant_take_ref(pointer)
    }

    deinit {
        g_variant_unref(pointer)
    }

    /// Lends the reference: optimized code lets go of an object as soon as nothing but its pointer is used.
    func lend<Result, Failure: Error>(
        _ body: (OpaquePointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withExtendedLifetime(self) { () throws(Failure) in try body(pointer) }
    }

    /// The same, nil for none.
    static func lend<Result, Failure: Error>(
        _ variant: Variant?, _ body: (OpaquePointer?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let variant else { return try body(nil) }
        return try variant.lend(body)
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
        self.init(
            taking: withExtendedLifetime(members) {
                g_variant_new_tuple(members.map { Optional($0.pointer) }, gsize(members.count))
            })
    }

    /// `v`
    package convenience init(boxing value: Variant) {
        self.init(taking: value.lend { g_variant_new_variant($0) })
    }

    // MARK: - Reading

    /// Bytes of the serialized form.
    package var size: Int { lend { Int(g_variant_get_size($0)) } }

    /// The type, `a{sv}` say.
    package var type: String { lend { String(cString: g_variant_get_type_string($0)) } }

    /// The value of `s`; nil for any other type, as in all that follow.
    package var string: String? {
        type == "s" ? lend { String(cString: g_variant_get_string($0, nil)) } : nil
    }

    package var uint32: UInt32? { type == "u" ? lend { g_variant_get_uint32($0) } : nil }
    package var uint64: UInt64? { type == "t" ? lend { UInt64(g_variant_get_uint64($0)) } : nil }
    package var int64: Int64? { type == "x" ? lend { Int64(g_variant_get_int64($0)) } : nil }
    package var double: Double? { type == "d" ? lend { g_variant_get_double($0) } : nil }
    package var boolean: Bool? { type == "b" ? lend { g_variant_get_boolean($0) != 0 } : nil }
    package var handle: Int32? { type == "h" ? lend { g_variant_get_handle($0) } : nil }

    /// The number of members of a container; 0 for anything else.
    private var memberCount: Int {
        lend { g_variant_is_container($0) != 0 ? Int(g_variant_n_children($0)) : 0 }
    }

    private func member(_ number: Int) -> Variant {
        lend { Variant(taking: g_variant_get_child_value($0, gsize(number))) }
    }

    /// The members of an array, tuple, dictionary or dictionary entry, or what a `v` holds; of anything else
    /// none.
    package var children: [Variant] { (0..<memberCount).map(member) }

    /// As `children` and compactMap, without an array of all of them: a listing has 100 000.
    package func compactMapChildren<Result>(_ body: (Variant) -> Result?) -> [Result] {
        let count = memberCount
        var results: [Result] = []
        results.reserveCapacity(count)
        for number in 0..<count {
            if let result = body(member(number)) { results.append(result) }
        }
        return results
    }

    /// The entries of an `a{sv}` in their order, with the values unboxed; of anything else none.
    package func forEachEntry(_ body: (_ key: String, _ value: Variant) -> Void) {
        guard type == "a{sv}" else { return }
        for number in 0..<memberCount {
            let entry = member(number)
            let key = entry.member(0).lend { String(cString: g_variant_get_string($0, nil)) }
            body(key, entry.member(1).member(0))
        }
    }

    /// The value of a key of an `a{sv}`, unboxed; the first where there are several.
    package func value(forKey key: String) -> Variant? {
        guard type == "a{sv}" else { return nil }
        return lend { g_variant_lookup_value($0, key, nil).map { Variant(taking: $0) } }
    }

    /// As g_variant_print(3) shows it, for tests and logs.
    package var text: String {
        lend { pointer in
            guard let text = g_variant_print(pointer, gboolean(1)) else { return "" }
            defer { g_free(text) }
            return String(cString: text)
        }
    }
}
