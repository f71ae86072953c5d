internal import PassimCore
internal import PassimCrypto

/// A file to hash. 24 bytes: there may be a million.
struct HashJob {
    let block: NameBlock
    /// When it was queued, in bytes: decides its turn.
    let size: UInt64
    let offset: UInt32
    /// The block's scan is not over before this file.
    var isCounted: Bool
    /// It is read though the index has it.
    var isForced: Bool
    /// It was written before it was queued, so nobody's word counts but that of its bytes.
    var isWritten: Bool
    /// Its directory's `names` had it when it was queued.
    var isNamed = false

    init(
        _ block: NameBlock, at offset: UInt32, size: UInt64, isCounted: Bool, isForced: Bool = false,
        isWritten: Bool = false
    ) {
        self.block = block
        self.size = size
        self.offset = offset
        self.isCounted = isCounted
        self.isForced = isForced
        self.isWritten = isWritten
    }

    var node: Node { block.node }
    var name: RawName { block.name(at: offset) }

    /// Upper bounds of the size classes in bytes, small ones first, and the share of time that a class has.
    static let classes: [(size: UInt64, weight: UInt64)] = [
        (64 << 10, 8), (1 << 20, 4), (16 << 20, 2), (256 << 20, 2), (4 << 30, 1), (.max, 1),
    ]

    /// The last class has no bound.
    var sizeClass: Int { HashJob.classes.firstIndex { size <= $0.size }! }
}

/// A file that is read a slice at a time, between two slices. For one thread at a time.
final class HashProgress: @unchecked Sendable {
    // Unchecked: the worker whose turn it is has it alone; the queue's lock hands it on.
    let identity: FileIdentity
    /// The identity has the path in place of the inode.
    let isToldByPath: Bool
    let hasher = SHA256Hasher()
    /// Bytes that have been hashed.
    var offset: UInt64 = 0
    /// Nanoseconds that it took.
    var cost: UInt64 = 0

    init(_ identity: FileIdentity, isToldByPath: Bool = false) {
        self.identity = identity
        self.isToldByPath = isToldByPath
    }

    /// True if this is what fstat(2) tells of the file that is being read.
    func isOf(_ other: FileIdentity) -> Bool {
        isToldByPath
            ? identity.device == other.device && identity.isSame(as: other, anyInode: true)
            : identity == other
    }
}
