internal import CGLib

/// A parsed GLib keyfile (GKeyFile): groups of `key=value` lines in UTF-8.
///
/// It is given bytes and opens nothing. Of a key that is written twice the last line counts, as GLib has
/// it. Unlike with GLib alone, spaces and tabs at the end of a value are not part of it (they cannot be
/// seen in an editor); `\s` is a space that stays.
package final class KeyFile {
    private let handle: OpaquePointer

    /// g_key_file_load_from_data().
    package init(_ contents: [UInt8]) throws(KeyFileError) {
        handle = g_key_file_new()
        // GLib would cut the value at a NUL without a word.
        if contents.contains(0) {
            throw KeyFileError(code: .parse, message: "Key file contains a NUL byte")
        }
        var error: UnsafeMutablePointer<GError>?
        _ = contents.withUnsafeBytes { buffer in
            g_key_file_load_from_data(
                handle, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), gsize(buffer.count),
                G_KEY_FILE_NONE, &error)
        }
        if let error { throw KeyFileError(consuming: error) }
        trimValues()
    }

    deinit {
        g_key_file_unref(handle)
    }

    /// In the order of the file.
    package var groups: [String] {
        var count: gsize = 0
        return KeyFile.take(g_key_file_get_groups(handle, &count), count)
    }

    package func hasGroup(_ group: String) -> Bool {
        g_key_file_has_group(handle, group) != 0
    }

    /// In the order of the file; none where the group is not there.
    package func keys(of group: String) -> [String] {
        var count: gsize = 0
        return KeyFile.take(g_key_file_get_keys(handle, group, &count, nil), count)
    }

    /// The value as it is written, with its escapes; nil if the key is not there. For messages: bytes that
    /// are not UTF-8 come as U+FFFD.
    package func value(_ group: String, _ key: String) -> String? {
        guard let text = g_key_file_get_value(handle, group, key, nil) else { return nil }
        defer { g_free(text) }
        return String(cString: text)
    }

    /// The value with `\s`, `\n`, `\t`, `\r` and `\\` resolved.
    ///
    /// - Throws: `.unknownEncoding` where it is not UTF-8, `.invalidValue` for another escape,
    ///   `.keyNotFound`, `.groupNotFound`.
    package func string(_ group: String, _ key: String) throws(KeyFileError) -> String {
        try checkEnd(group, key)
        var error: UnsafeMutablePointer<GError>?
        // GLib gives both a value and an error for an unknown escape.
        let text = g_key_file_get_string(handle, group, key, &error)
        defer { g_free(text) }
        if let error { throw KeyFileError(consuming: error) }
        return String(cString: text!)
    }

    /// The parts of a value between `;` (`\;` is a semicolon in a part). An empty value has no part, and a
    /// `;` at the end begins none.
    ///
    /// - Throws: as `string`.
    package func strings(_ group: String, _ key: String) throws(KeyFileError) -> [String] {
        try checkEnd(group, key)
        var error: UnsafeMutablePointer<GError>?
        var count: gsize = 0
        let list = g_key_file_get_string_list(handle, group, key, &count, &error)
        let strings = KeyFile.take(list, count)
        if let error { throw KeyFileError(consuming: error) }
        return strings
    }

    /// `true` or `1`, `false` or `0`.
    ///
    /// - Throws: `.invalidValue` for anything else, `.keyNotFound`, `.groupNotFound`.
    package func boolean(_ group: String, _ key: String) throws(KeyFileError) -> Bool {
        var error: UnsafeMutablePointer<GError>?
        let value = g_key_file_get_boolean(handle, group, key, &error)
        if let error { throw KeyFileError(consuming: error) }
        return value != 0
    }

    /// GLib (2.74) writes the error of a backslash at the end over that of an unknown escape before it, and complains of
    /// itself on standard error.
    private func checkEnd(_ group: String, _ key: String) throws(KeyFileError) {
        guard let text = g_key_file_get_value(handle, group, key, nil) else { return }
        defer { g_free(text) }
        let end = strlen(text)
        var start = end
        while start > 0, text[start - 1] == 0x5C { start -= 1 }
        if (end - start).isMultiple(of: 2) { return }
        throw KeyFileError(code: .invalidValue, message: "Key file contains escape character at end of line")
    }

    private func trimValues() {
        for group in groups {
            for key in keys(of: group) {
                guard let text = g_key_file_get_value(handle, group, key, nil) else { continue }
                defer { g_free(text) }
                let length = strlen(text)
                var end = length
                while end > 0, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
                if end == length { continue }
                text[end] = 0
                g_key_file_set_value(handle, group, key, text)
            }
        }
    }

    /// Takes over a GLib vector of strings.
    private static func take(
        _ list: UnsafeMutablePointer<UnsafeMutablePointer<gchar>?>?, _ count: gsize
    ) -> [String] {
        defer { g_strfreev(list) }
        guard let list else { return [] }
        return (0..<Int(count)).map { String(cString: list[$0]!) }
    }
}
