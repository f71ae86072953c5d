internal import PassimCore
internal import PassimCrypto

/// A name that tells a file system from all others, over remounts and reboots.
struct VolumeID: Hashable, Sendable {
    /// `ext:` and f_fsid, `uuid:` and the UUID, `nfs:server:/export`…: what the database shows to people.
    let text: String
    /// The first 64 bits of the SHA-256 of the text: short, for keys.
    let number: Int64

    init(_ text: String) {
        self.text = text
        number = Int64(bitPattern: SHA256Hasher.digest(of: Array(text.utf8)).words.0)
    }

    static func == (one: VolumeID, other: VolumeID) -> Bool { one.number == other.number }

    func hash(into hasher: inout Hasher) { hasher.combine(number) }
}
