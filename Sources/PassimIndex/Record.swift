internal import PassimCore

/// What a shard keeps of one file: 88 bytes and its name.
struct Record: BitwiseCopyable {
    var digest: (UInt64, UInt64, UInt64, UInt64)
    var inode: UInt64
    var size: UInt64
    /// Both as `TimeTable` packs them.
    var modified: UInt64
    var changed: UInt64
    var directory: UInt32
    /// Place in the shard's arena.
    var name: UInt32
    /// The ring of the files with this digest: those that are enabled, then the others.
    var next: UInt32
    var previous: UInt32
    /// The pass counter when the file was last known to be there.
    var mark: UInt32
    /// Number of origin and device in the shard's sources.
    var source: UInt16
    var flags: UInt8

    /// Whether it is behind those that can be served.
    var isDisabled: Bool {
        !ItemFlags(rawValue: flags).isDisjoint(with: [.disabled, .nextReboot])
    }

    @inline(__always)
    func hasDigest(_ other: Digest) -> Bool {
        digest.0 == other.words.0 && digest.1 == other.words.1 && digest.2 == other.words.2
            && digest.3 == other.words.3
    }
}
