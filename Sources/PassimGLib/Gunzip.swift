internal import CGLib

/// Why something is not unpacked.
package enum GunzipError: Error, Hashable, Sendable {
    case tooLong
    /// GLib's words.
    case unreadable(String)
}

/// Unpacks what gzip(1) has packed (RFC 1952), the first member of it, by GZlibDecompressor.
///
/// - Parameter limit: bytes that are unpacked at most.
package func gunzip(_ bytes: [UInt8], limit: Int) throws(GunzipError) -> [UInt8] {
    guard let object = g_zlib_decompressor_new(G_ZLIB_COMPRESSOR_FORMAT_GZIP) else {
        throw .unreadable("out of memory")
    }
    defer { g_object_unref(UnsafeMutableRawPointer(object)) }
    var unpacked: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    var position = 0
    while true {
        var taken: gsize = 0
        var made: gsize = 0
        var error: UnsafeMutablePointer<GError>?
        let result = bytes.withUnsafeBytes { input in
            g_converter_convert(
                OpaquePointer(UnsafeMutableRawPointer(object)), input.baseAddress.map { $0 + position },
                gsize(bytes.count - position), &piece, gsize(piece.count), G_CONVERTER_INPUT_AT_END, &taken,
                &made, &error)
        }
        if let error {
            defer { g_error_free(error) }
            throw .unreadable(String(cString: error.pointee.message))
        }
        position += Int(taken)
        guard unpacked.count + Int(made) <= limit else { throw .tooLong }
        unpacked += piece[..<Int(made)]
        if result == G_CONVERTER_FINISHED { return unpacked }
    }
}
