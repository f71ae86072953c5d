/// The numbers by which the mirror goes about its work, with their reasons.
enum Limits {
    /// mtime comes in ticks of up to 10 ms, and of 2 s on FAT: a write in the same tick as the hash would
    /// not show. A file is left alone until it is older than this. Nanoseconds.
    static let settleTime: Int64 = 2_000_000_000

    /// pread of 1 MiB: 1.57 GB/s a core, 256 KiB: 1.50 (performance.md).
    static let chunkSize = 1 << 20

    /// Bytes of the buffer of getdents64(2).
    static let listBufferSize = 64 << 10

    /// Names of one directory that are checked in one go, and reconciled in one call of the index.
    static let batchSize = 512

    /// Files that one turn of hashing takes from one directory, when all are of the smallest class.
    static let filesPerTurn = 32

    /// Upper bounds of the size classes of files that wait for hashing: small ones first.
    static let sizeClasses: [UInt64] = [64 << 10, 1 << 20, 16 << 20, 256 << 20, 4 << 30, .max]

    /// A path that is longer is skipped: every directory on the way costs its length again, and 64 KiB is
    /// sixteen times what other programs can name.
    static let longestPath = 64 << 10

    /// Tries for a file that changes while it is hashed, until the next pass.
    static let hashTries: UInt8 = 8

    /// Tries for something that descriptors or memory were lacking for, until the next pass.
    static let shortageTries: UInt8 = 24

    /// Re-checks that may wait per origin; past that the whole origin is scanned.
    static let waitingRechecks = 1 << 16

    /// How often the hashing of a large file looks for smaller work. Bytes.
    static let giveWayEvery: UInt64 = 16 << 20
    /// How long it gives way. Nanoseconds: about what hashing `giveWayEvery` takes.
    static let giveWayFor: UInt64 = 10_000_000
}

/// Nanoseconds: 50 ms, doubled with each try, 10 s at most.
func backOff(_ tries: UInt8) -> UInt64 {
    min(50_000_000 << UInt64(min(tries, 20)), 10_000_000_000)
}
