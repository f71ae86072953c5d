internal import PassimCore

/// A shard's record of one file: 84 bytes and its name. At a million files each byte is a megabyte, so
/// numbers of records, which are 24 bits, share their words with something else.
struct Record: BitwiseCopyable {
    /// Its first byte is the shard's number; here are the upper 8 bits of the source instead.
    private var digest: (Word, Word, Word, Word)
    var inode: Word
    var size: Word
    /// Both as `TimeTable` packs them.
    var modified: Word
    var changed: Word
    var directory: UInt32
    /// Place in the shard's arena.
    var name: UInt32
    private var nextAndFlags: UInt32
    private var previousAndSource: UInt32
    /// The writer's counter when the file was inserted.
    var mark: UInt32

    /// 8 bytes that need no alignment to 8.
    struct Word: BitwiseCopyable {
        private var upper: UInt32
        private var lower: UInt32

        @inline(__always)
        init(_ value: UInt64) {
            upper = UInt32(truncatingIfNeeded: value >> 32)
            lower = UInt32(truncatingIfNeeded: value)
        }

        @inline(__always)
        var value: UInt64 { UInt64(upper) << 32 | UInt64(lower) }
    }

    private static let numberMask: UInt32 = 0xFF_FFFF
    private static let headMask: UInt64 = 0xFF << 56

    init(_ file: NewFile, name: UInt32, source: UInt16, modified: UInt64, changed: UInt64) {
        let words = file.digest.words
        digest = (Word(words.0 & ~Record.headMask), Word(words.1), Word(words.2), Word(words.3))
        inode = Word(file.identity.inode)
        size = Word(file.identity.size)
        self.modified = Word(modified)
        self.changed = Word(changed)
        directory = file.directory.number
        self.name = name
        nextAndFlags = 0
        previousAndSource = 0
        mark = file.mark
        flags = file.flags
        self.source = source
    }

    /// The ring of the files with this digest: those that are enabled, then the others.
    var next: UInt32 {
        get { nextAndFlags & Record.numberMask }
        set { nextAndFlags = nextAndFlags & ~Record.numberMask | newValue }
    }

    var previous: UInt32 {
        get { previousAndSource & Record.numberMask }
        set { previousAndSource = previousAndSource & ~Record.numberMask | newValue }
    }

    var flags: ItemFlags {
        get { ItemFlags(rawValue: UInt8(nextAndFlags >> 24)) }
        set { nextAndFlags = nextAndFlags & Record.numberMask | UInt32(newValue.rawValue) << 24 }
    }

    /// Number of origin and device in the shard's sources.
    var source: UInt16 {
        @inline(__always)
        get { UInt16(digest.0.value >> 56) << 8 | UInt16(previousAndSource >> 24) }
        set {
            digest.0 = Word(digest.0.value & ~Record.headMask | UInt64(newValue >> 8) << 56)
            previousAndSource = previousAndSource & Record.numberMask | UInt32(newValue & 0xFF) << 24
        }
    }

    /// True if it comes after the files that can be served.
    var isDisabled: Bool { !flags.isDisjoint(with: [.disabled, .nextReboot]) }

    /// The digest's own bits are its hash.
    var hash: UInt64 { digest.1.value }

    @inline(__always)
    func digest(firstByte: UInt8) -> Digest {
        let head = digest.0.value & ~Record.headMask | UInt64(firstByte) << 56
        return Digest(words: (head, digest.1.value, digest.2.value, digest.3.value))
    }

    /// - Parameter other: a digest with the shard's first byte.
    @inline(__always)
    func hasDigest(_ other: Digest) -> Bool {
        (digest.0.value ^ other.words.0) & ~Record.headMask == 0 && digest.1.value == other.words.1
            && digest.2.value == other.words.2 && digest.3.value == other.words.3
    }

    /// - Parameter prefix: one with the shard's first byte.
    @inline(__always)
    func hasDigest(beginningWith prefix: DigestPrefix) -> Bool {
        let words = prefix.padded.words
        return (digest.0.value ^ words.0) & ~Record.headMask == 0 && digest.1.value == words.1
            && digest.2.value == words.2 && digest.3.value & DigestPrefix.lastMask == words.3
    }
}
