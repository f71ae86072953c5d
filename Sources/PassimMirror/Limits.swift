/// The numbers by which the mirror goes about its work, with their reasons.
enum Limits {
    /// mtime comes in ticks of up to 10 ms, and of 2 s on FAT: a write in the same tick as the hash would
    /// not show. A file is left alone until it is older than this. Nanoseconds.
    static let settleTime: Int64 = 2_000_000_000

    /// pread of 1 MiB: 1.57 GB/s a core, 256 KiB: 1.50 (Sources/README.md, "What made the server fast").
    static let chunkSize = 1 << 20

    /// Bytes of the buffer of getdents64(2).
    static let listBufferSize = 64 << 10

    /// Names of one directory that are checked in one go, and reconciled in one call of the index.
    static let batchSize = 512

    /// Files that one turn of hashing takes from one directory, when all are of the smallest class.
    static let filesPerTurn = 32

    /// Files of a size class that are read in turns, a slice at a time.
    static let begunFiles = 4

    /// The most that one turn reads of a file: bytes, and nanoseconds. Small files wait no longer for a large one.
    static let sliceBytes: UInt64 = 64 << 20
    static let sliceTime: UInt64 = 50_000_000

    /// The charge for a turn before it is known how long it takes, and at least. Nanoseconds.
    static let likelyTurn: UInt64 = 1_000_000
    static let leastTurn: UInt64 = 10_000

    /// A worker that has made no progress for so long is stuck: its file system does not answer. Nanoseconds.
    static let stuckAfter: UInt64 = 5_000_000_000
    /// Stuck workers with which an origin gets no more turns, and that are replaced, in all.
    static let stuckPerOrigin = 2
    static let stuckInAll = 32

    /// A worker without work keeps its buffers and its directory for so long: a cold scan took a tenth more of CPU when
    /// its workers made them anew at each pause. Nanoseconds.
    static let restAfter: UInt64 = 100_000_000

    /// At the end the threads are waited for so long. Nanoseconds.
    static let endTime: UInt64 = 3_000_000_000

    /// A path that is longer is skipped: every directory on the way costs its length again, and 64 KiB is
    /// sixteen times what other programs can name.
    static let longestPath = 64 << 10

    /// Tries for a file that changes while it is hashed, until the next pass.
    static let hashTries: UInt8 = 8

    /// Tries for something that descriptors or memory were lacking for, until the next pass.
    static let shortageTries: UInt8 = 24

    /// Tries for a file on which somebody holds a lease, for as long as the scan waits: two seconds.
    static let busyTries: UInt8 = 6

    /// Memory of all names that wait to be looked at, or for something; past that a directory's names are forgotten and
    /// all of it is looked at. Bytes.
    static let waitingNameBytes = 16 << 20

    /// Events that were forgotten may be of writes that began so many seconds before.
    static let forgottenEvents: Int64 = 60
    /// Before a directory is visited of which events were forgotten: what makes so many may still be at it. Nanoseconds.
    static let afterForgetting: UInt64 = 1_000_000_000

    /// Before a directory is visited again to see which of its files can be read now. Nanoseconds.
    static let recountDelay: UInt64 = 2_000_000_000
    /// Before it is told that files came that cannot be read: more may come. Nanoseconds.
    static let reportDelay: UInt64 = 1_000_000_000

    /// Between looks for what is due in a directory. Nanoseconds.
    static let deadlineGrain: UInt64 = 50_000_000

    /// A file that takes so long to read rests after it, and ever longer when it is rewritten soon: at first, and at most.
    /// Nanoseconds.
    static let restlessCost: UInt64 = 10_000_000
    static let shortestRest: UInt64 = 1_000_000_000
    static let longestRest: UInt64 = 300_000_000_000
    /// Rewritten so often soon after it was read, a file is told of as restless.
    static let restlessAfter: UInt8 = 3

    /// Files with several names that are remembered: about 150 bytes each.
    static let linkedFiles = 1 << 15
    /// Files that were made without a name and are being written, of which an origin knows.
    static let unnamedFiles = 1024
    /// Names that the drop-ins leave out, of files with several: about 100 bytes each.
    static let outsideLinks = 1 << 15

    /// Between searches of the index for other names of files. Nanoseconds: one takes some 20 ms with a million
    /// entries.
    static let nameSearchDelay: UInt64 = 500_000_000

    /// Events within this time of a first one are looked at in one go. Nanoseconds: a fifth of what
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

    /// Between scans on file systems of other machines, which tell of nothing. Nanoseconds.
    static let networkInterval: UInt64 = 300_000_000_000

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
}
