internal import CGLib
package import PassimCore

/// MIME types as GIO guesses them, from the shared-mime-info database of the system; without that package
/// nearly everything is `application/octet-stream`.
package enum ContentType {
    package static let unknown = "application/octet-stream"

    /// g_content_type_guess(). From any thread; GIO has a lock of its own around its database. It takes
    /// 4–12 µs where the name tells and 100 µs where 4 KiB must be searched: keep the answer.
    ///
    /// - Parameters:
    ///   - name: the file's name or path, UTF-8 or not; only its last component counts.
    ///   - content: how the file begins; a few KiB are enough. Where there is none the name alone decides.
    /// - Returns: `type/subtype` of RFC 9110 tokens, so it is fit for a header as it is.
    package static func guess(name: RawName, content: UnsafeRawBufferPointer) -> String {
        // GIO takes a name that ends in a slash, or none, for a directory.
        var path = name.basename.bytes
        if path.isEmpty { path = [0x78] }
        path.append(0)
        let type = path.withUnsafeBufferPointer { path in
            path.withMemoryRebound(to: CChar.self) { path in
                // Content without bytes would be `application/x-zerosize`, whatever the name.
                let start = content.isEmpty ? nil : content.baseAddress
                return g_content_type_guess(
                    path.baseAddress, start?.assumingMemoryBound(to: guchar.self), gsize(content.count), nil)
            }
        }
        guard let type else { return unknown }
        defer { g_free(type) }
        guard let mime = g_content_type_get_mime_type(type) else { return unknown }
        defer { g_free(mime) }
        let text = String(cString: mime)
        return isMediaType(text.utf8) ? text : unknown
    }

    /// RFC 9110, 8.3.1: two tokens and a slash. The database is made of files that a user may have written.
    static func isMediaType(_ text: some Collection<UInt8>) -> Bool {
        let parts = text.split(separator: 0x2F, omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy(isTokenByte) }
    }

    /// RFC 9110, 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E, 0x5F, 0x60, 0x7C, 0x7E: true
        default: false
        }
    }
}
