package import PassimCore

/// The name of a published file on disk: `<sha256>-<basename>`, split at the first `-`. What stands before it
/// is not trusted: the digest is computed from the content.
package struct ItemName: Hashable, Sendable {
    package var prefix: RawName
    package var filename: RawName

    /// nil where there is no `-`, or nothing behind it.
    package init?(onDisk name: RawName) {
        guard let dash = name.bytes.firstIndex(of: UInt8(ascii: "-")), dash + 1 < name.bytes.count else {
            return nil
        }
        prefix = RawName(bytes: Array(name.bytes[..<dash]))
        filename = RawName(bytes: Array(name.bytes[(dash + 1)...]))
    }

    package init(digest: Digest, filename: RawName) {
        prefix = RawName(digest.hex)
        self.filename = filename
    }

    package var onDisk: RawName { RawName(bytes: prefix.bytes + [UInt8(ascii: "-")] + filename.bytes) }
}
