internal import PassimCore
internal import PassimGLib

extension ItemDescription {
    /// - Parameter dictionary: an `a{sv}` as GetItems has it; what is absent is zero or empty, keys and types
    ///   that are not known are passed over.
    /// - Returns: nil where there is no hash, or none of SHA-256.
    init?(_ dictionary: Variant) {
        self.init(
            digest: Digest(words: (0, 0, 0, 0)), filename: .empty,
            lifetime: Lifetime(maxAge: 0, shareLimit: 0), size: 0, created: 0)
        var hasDigest = false
        dictionary.forEachEntry { key, value in
            switch key {
            case "hash":
                if let digest = value.string.flatMap({ Digest(hex: $0) }) {
                    self.digest = digest
                    hasDigest = true
                }
            case "filename": filename = RawName(value.string ?? "")
            case "cmdline": cmdline = value.string ?? ""
            case "max-age": lifetime.maxAge = value.uint32 ?? 0
            case "share-limit": lifetime.shareLimit = value.uint32 ?? 0
            case "share-count": shareCount = value.uint32 ?? 0
            case "size": size = value.uint64 ?? 0
            case "flags": flags = ItemFlags(rawValue: UInt8(truncatingIfNeeded: value.uint64 ?? 0))
            case "ctime": created = value.int64 ?? 0
            case "drop-in": origin = value.string ?? ""
            default: break
            }
        }
        if !hasDigest { return nil }
    }
}
