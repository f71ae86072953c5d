internal import PassimCore
internal import PassimGLib

/// The attributes that a caller of Publish gives with the content.
enum PublishArguments {
    /// The types that the keys have, also of those that are not the caller's to say.
    private static let types: [String: String] = [
        "hash": "s", "filename": "s", "cmdline": "s", "max-age": "u", "share-limit": "u", "share-count": "u",
        "size": "t", "flags": "t", "ctime": "x",
    ]

    /// - Parameter attributes: an `a{sv}`. Of a key that is there twice the last one counts; keys that are not
    ///   known are passed over.
    /// - Throws: `.invalid`.
    static func read(_ attributes: Variant) throws(PublishError) -> PublishRequest {
        var request = PublishRequest(filename: .empty)
        var complaint: String?
        attributes.forEachEntry { key, value in
            if let type = types[key], value.type != type {
                complaint = "\(key) is of the type \(value.type), not \(type)"
                return
            }
            switch key {
            case "filename": request.filename = RawName(value.string ?? "")
            case "max-age": request.lifetime.maxAge = value.uint32 ?? 0
            case "share-limit": request.lifetime.shareLimit = value.uint32 ?? 0
            case "share-count": request.shareCount = value.uint32 ?? 0
            case "flags": request.flags = flags(value.uint64 ?? 0)
            default: break
            }
        }
        if let complaint = complaint ?? self.complaint(about: request) { throw .invalid(complaint) }
        return request
    }

    /// Bits that are not known are passed over as keys are.
    private static func flags(_ bits: UInt64) -> ItemFlags {
        let flags = ItemFlags(rawValue: UInt8(truncatingIfNeeded: bits)).intersection([
            .disabled, .nextReboot,
        ])
        return flags.contains(.nextReboot) ? [.disabled, .nextReboot] : flags
    }

    private static func complaint(about request: PublishRequest) -> String? {
        let name = request.filename.bytes
        if name.isEmpty { return "no filename" }
        if name.contains(UInt8(ascii: "/")) { return "the filename has a / in it" }
        if name.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            return "the filename has a control character in it"
        }
        if request.shareCount >= request.lifetime.shareLimit {
            let limit = request.lifetime.shareLimit
            if limit == 0 {
                return
                    "share-limit 0 lets nobody download the file: give 1 or more, or \(Lifetime.unlimited) for no limit"
            }
            return
                "share-count \(request.shareCount) has reached share-limit \(limit): the file would be deleted at once"
        }
        return nil
    }
}
