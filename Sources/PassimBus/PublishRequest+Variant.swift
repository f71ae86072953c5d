internal import PassimCore
internal import PassimGLib

extension PublishRequest {
    /// As Publish takes it. D-Bus has no strings but UTF-8: what is none in the name becomes U+FFFD.
    ///
    /// - Parameter size: of the content, in bytes: the stock daemon takes it from here, and ours counts itself.
    func dictionary(size: UInt64?) -> Variant {
        var builder = VariantBuilder("a{sv}")
        builder.entry("filename", String(decoding: filename.bytes, as: UTF8.self))
        builder.entry("max-age", lifetime.maxAge)
        builder.entry("share-limit", lifetime.shareLimit)
        if let size { builder.entry("size", size) }
        if shareCount > 0 { builder.entry("share-count", shareCount) }
        if !flags.isEmpty { builder.entry("flags", UInt64(flags.rawValue)) }
        return builder.end()
    }
}
