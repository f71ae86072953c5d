internal import PassimCore

/// When a file of a source appears in the mirror: what names others comes after them, so that nobody who trusts the
/// mirror's metadata is sent for something that is not there.
enum FileRole: Int, CaseIterable, Comparable {
    case payload
    /// Metadata of fwupd: `firmware.xml.gz`.
    case metadata
    /// Proof that metadata may be believed: `.jcat`, `.asc`.
    case signature

    init(_ path: RawName) {
        let name = path.basename.bytes
        func ends(_ endings: [StaticString]) -> Bool {
            endings.contains { ending in
                ending.withUTF8Buffer { name.count > $0.count && name.suffix($0.count).elementsEqual($0) }
            }
        }
        if ends(FileRole.ofSignatures) {
            self = .signature
        } else if ends(FileRole.ofMetadata) {
            self = .metadata
        } else {
            self = .payload
        }
    }

    private static let ofSignatures: [StaticString] = [".jcat", ".asc", ".sig", ".p7b", ".p7c"]
    private static let ofMetadata: [StaticString] = [".xml", ".xml.gz", ".xml.xz", ".xml.zst", ".xml.bz2"]

    static func < (one: FileRole, other: FileRole) -> Bool { one.rawValue < other.rawValue }
}
