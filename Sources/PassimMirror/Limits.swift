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

    /// Files that may wait per origin to be hashed on their own; past that the whole origin is scanned.
    static let waitingRechecks = 1 << 16

    /// Names that may wait per origin to be looked at; past that the whole origin is scanned.
    static let waitingNames = 1 << 17

    /// Names of files with several that are remembered, to look at all when something is done to one. Of more it
    /// shows only when they are asked for, or walked: 200 bytes each.
    static let links = 1 << 17

    /// Between searches of the index for other names of files. Nanoseconds: one takes some 20 ms with a million
    /// entries.
    static let nameSearchDelay: UInt64 = 500_000_000

    /// What happens within this time of a first event is looked at in one go. Nanoseconds: a fifth of what
    /// may pass before a closed file can be fetched.
    static let gatheringTime: UInt64 = 20_000_000

    /// How long the watcher lets events gather after it has read some: each of a scan's own attributes is two, and
    /// to be woken for each took 13 % of the CPU of a scan of small files. Nanoseconds.
    static let watcherRest: UInt64 = 1_000_000

    /// A file on whose directory inotify has an eye is complete when it is closed; then only its times must be
    /// of an earlier tick than now, or a write of now would not show. The longest tick is 10 ms. Nanoseconds.
    static let tick: Int64 = 20_000_000

    /// A file found in a directory that has just come: whoever writes it is heard of within this time.
    /// Nanoseconds.
    static let pause: Int64 = 50_000_000

    /// A file that somebody wrote and did not close counts as complete after this. Nanoseconds: truncate(2)
    /// closes nothing, and who is slower only has the file hashed twice.
    static let silence: UInt64 = 30_000_000_000

    /// After a drop-in was created and not closed: it may be a link, which is all there at once. Nanoseconds.
    static let dropInBegun: UInt64 = 500_000_000

    /// After events were lost; what made so many of them may still be at it. Nanoseconds.
    static let overflowDelay: UInt64 = 200_000_000

    /// Before a walk is made again of which a part failed: at first, and doubled with each that fails again, at
    /// most. Nanoseconds.
    static let afterFirstFault: UInt64 = 5_000_000_000
    static let afterFault: UInt64 = 300_000_000_000

    /// Before it is told again that some files cannot be read, where they could meanwhile, and where they could
    /// not. Nanoseconds.
    static let unreadableAgain: UInt64 = 60_000_000_000
    static let unreadableStill: UInt64 = 86_400_000_000_000

    /// Between walks where something cannot be watched; more where a walk takes longer than a twentieth of it.
    /// Nanoseconds.
    static let pollingInterval: UInt64 = 60_000_000_000

    /// How often the hashing of a large file looks for smaller work. Bytes.
    static let giveWayEvery: UInt64 = 16 << 20
    /// How long it gives way. Nanoseconds: about what hashing `giveWayEvery` takes.
    static let giveWayFor: UInt64 = 10_000_000
}

/// Nanoseconds: 50 ms, doubled with each try, 10 s at most.
func backOff(_ tries: UInt8) -> UInt64 {
    min(50_000_000 << UInt64(min(tries, 20)), 10_000_000_000)
}
