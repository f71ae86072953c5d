// Digests of files on which no attribute can be written: the usual case of a packaged daemon, which runs as
// its own user over a mirror that belongs to root.
//
// A row belongs to an inode of a file system, and counts only while size, mtime and ctime are those that the
// row was made with. A file that changes replaces its own row.
//
// A rollback journal rather than WAL: a start that only reads writes nothing then, not even a -shm file.
// synchronous=NORMAL: a commit that a power failure takes back costs hashing, nothing else.

package import Logging
internal import PassimCore
internal import PassimSystem

/// The checksum database, `checksums.sqlite` in a directory; made when there is first something to write.
///
/// Nothing here fails: a store that cannot be opened or written costs one warning, and hashing at the next start where
/// it stays so. From any thread; look-ups wait for a flush that is under way.
package final class ChecksumStore: Sendable {
    typealias Key = ChecksumTable.Key
    typealias Row = ChecksumTable.Row

    /// Rows wait in memory for at most this many, or this long (nanoseconds): small transactions are slow.
    private static let batchSize = 8192
    private static let longestWait: UInt64 = 2_000_000_000
    /// Rows that are kept in memory where they cannot be written: 10 MB. What comes then is hashed at the next
    /// start.
    private static let mostPending = 65536
    /// Between tries of what has failed: at first, and at most. Nanoseconds.
    private static let firstPause: UInt64 = 1_000_000_000
    private static let longestPause: UInt64 = 60_000_000_000
    /// How long a lock of another process is waited for. Milliseconds.
    private static let patience: CInt = 2000
    /// How old the note of when a row was last used may be before a use renews it. Days: at an ordinary
    /// start nothing is written.
    private static let renewAfter: Int64 = 7
    /// Rows not used on so many days are pruned.
    private static let keepFor: Int64 = 30

    private let path: String
    private let directory: String
    private let access: SQLiteDatabase.Access
    private let logger: Logger
    private let clock: TimeSource
    /// Rows past which the least recently used are pruned: about 90 bytes each.
    private let longest: Int64

    private struct State {
        var rows: ChecksumTable?
        var pending: [Key: Row] = [:]
        var firstPending: UInt64 = 0
        /// Numbers of the file systems that were met since the start, and which of these are not written yet.
        var days: [VolumeID: ChecksumTable.Days] = [:]
        var newDays: Set<VolumeID> = []
        var overridden: Set<Key> = []
        /// Rows of format 1.
        var oldOverridden: Set<Key> = []
        /// After a failure: before this, in monotonic nanoseconds, nothing is tried.
        var nextTry: UInt64 = 0
        var pause = ChecksumStore.firstPause
        var warned = false
        var problem: String?
        var prunedOn: Int64 = 0
        var writes = 0
    }
    private let state: Lock<State>

    package convenience init(directory: String, logger: Logger) {
        self.init(directory: directory, logger: logger, clock: .system)
    }

    /// To look things up only, beside a daemon that may have it open: writes nothing, and says nothing.
    package convenience init(readOnly directory: String) {
        let silent = Logger(label: "passim") { _ in SwiftLogNoOpLogHandler() }
        self.init(directory: directory, logger: silent, clock: .system, access: .read)
    }

    /// Why it could not be read or written last.
    package var problem: String? { state.withLock { $0.problem } }

    init(
        directory: String, logger: Logger, clock: TimeSource, longest: Int64 = 4_000_000,
        access: SQLiteDatabase.Access = .create
    ) {
        self.directory = directory
        path = directory + "/checksums.sqlite"
        self.access = access
        self.logger = logger
        self.clock = clock
        self.longest = longest
        state = Lock(State())
        state.withLock { open(&$0, create: false) }
    }

    /// Write transactions so far.
    package var writes: Int { state.withLock { $0.writes } }

    // MARK: - Looking up

    /// True if the attributes of this inode are known to be wrong and could not be replaced.
    func overrides(_ identity: FileIdentity, on volume: Volume) -> Bool {
        state.withLock { state in
            !state.overridden.isEmpty && state.overridden.contains(Key(identity, volume))
                || !state.oldOverridden.isEmpty && state.oldOverridden.contains(Key(old: identity))
        }
    }

    /// The digest of exactly this file in exactly this state.
    func find(_ identity: FileIdentity, on volume: Volume) -> Digest? { find([identity], on: volume)[0] }

    /// The same of several files, at best those of one directory: a search for each takes three times as long.
    func find(_ identities: [FileIdentity], on volume: Volume) -> [Digest?] {
        var found = [Digest?](repeating: nil, count: identities.count)
        state.withLock { state in
            var wanted: [(key: Key, position: Int)] = []
            wanted.reserveCapacity(identities.count)
            for (position, identity) in identities.enumerated() where volume.lasts(identity) {
                let key = Key(identity, volume)
                if let row = state.pending[key] {
                    if row.identity.isSame(as: identity) { found[position] = row.digest }
                } else {
                    wanted.append((key, position))
                }
            }
            if wanted.isEmpty { return }
            // It could not be opened at the start.
            if state.rows == nil, state.nextTry > 0 { open(&state, create: false) }
            guard let rows = state.rows else { return }
            let today = count(volume, &state)
            wanted.sort { $0.key < $1.key }
            var renewed: [(Key, Row)] = []
            do throws(SQLiteError) {
                try rows.find(wanted.map(\.key)) { index, row in
                    let (key, position) = wanted[index]
                    guard row.identity.isSame(as: identities[position]) else { return }
                    found[position] = row.digest
                    let (age, overflow) = today.subtractingReportingOverflow(row.seen)
                    if overflow || age < 0 || age >= ChecksumStore.renewAfter { renewed.append((key, row)) }
                }
                if rows.hasOld { try findOld(rows, identities, wanted, &found, &renewed) }
            } catch {
                failed(error, &state)
            }
            for (key, var row) in renewed {
                row.seen = today
                add(row, key, &state)
            }
            writeIfMany(&state)
        }
        return found
    }

    /// Rows of format 1, where there is no newer one.
    private func findOld(
        _ rows: ChecksumTable, _ identities: [FileIdentity], _ wanted: [(key: Key, position: Int)],
        _ found: inout [Digest?], _ renewed: inout [(Key, Row)]
    ) throws(SQLiteError) {
        let missing = wanted.filter { found[$0.position] == nil }
            .map { (old: Key(old: identities[$0.position]), key: $0.key, position: $0.position) }
            .sorted { $0.old < $1.old }
        var digests: [(Int, Key, Row)] = []
        try rows.find(missing.map(\.old), old: true) { index, row in
            let (_, key, position) = missing[index]
            if row.identity.isSame(as: identities[position]) { digests.append((position, key, row)) }
        }
        for (position, key, row) in digests {
            found[position] = row.digest
            renewed.append((key, row))
        }
    }

    // MARK: - Recording

    /// Remembers a digest; written with the next batch.
    ///
    /// - Parameter overrides: the file has attributes that say something else and cannot be replaced.
    func record(_ identity: FileIdentity, _ digest: Digest, overrides: Bool, on volume: Volume) {
        state.withLock { state in
            let key = Key(identity, volume)
            if overrides { state.overridden.insert(key) } else { state.overridden.remove(key) }
            state.oldOverridden.remove(Key(old: identity))
            guard volume.lasts(identity) else { return }
            let today = count(volume, &state)
            add(
                Row(identity: identity, digest: digest, overrides: overrides, seen: today), key, &state)
            writeIfMany(&state)
        }
    }

    /// Writes what has waited long enough, or all of it.
    package func flush(onlyIfDue: Bool = false) {
        let now = clock.monotonic()
        state.withLock { state in
            if state.pending.isEmpty || now < state.nextTry { return }
            if onlyIfDue, now < state.firstPending + ChecksumStore.longestWait { return }
            write(&state)
        }
    }

    /// Writes what waits and lets go of the database.
    package func close() {
        state.withLock { state in
            if !state.pending.isEmpty { write(&state) }
            state.rows = nil
            // Nobody is to open it again.
            state.nextTry = .max
        }
    }

    /// Notes which file systems were there today, and removes what no pass has used for long; looks once a day at
    /// most.
    func prune() {
        let today = self.today
        state.withLock { state in
            guard state.prunedOn != today, state.rows != nil, access != .read else { return }
            state.prunedOn = today
            if !state.newDays.isEmpty { write(&state) }
            guard let rows = state.rows else { return }
            do throws(SQLiteError) {
                if try rows.prune(unusedFor: ChecksumStore.keepFor, longest: longest) > 0 {
                    state.writes += 1
                }
            } catch {
                failed(error, &state)
            }
        }
    }

    // MARK: - Days

    /// Days since 1970.
    private var today: Int64 { clock.now().seconds / 86400 }

    /// Counts today for a file system, and that it is a day on which there was any.
    ///
    /// - Returns: its days so far.
    private func count(_ volume: Volume, _ state: inout State) -> Int64 {
        _ = count(ChecksumTable.anyVolume, &state)
        return count(volume.key, &state)
    }

    private func count(_ volume: VolumeID, _ state: inout State) -> Int64 {
        let today = self.today
        if let known = state.days[volume], known.last == today { return known.count }
        var days = state.days[volume]
        if days == nil, let rows = state.rows { days = (try? rows.days(of: volume)) ?? nil }
        if days?.last != today {
            days = ChecksumTable.Days(count: (days?.count ?? 0) + 1, last: today)
            state.newDays.insert(volume)
        }
        state.days[volume] = days
        return days?.count ?? 1
    }

    // MARK: - The database

    private func add(_ row: Row, _ key: Key, _ state: inout State) {
        if access == .read { return }
        if state.pending.isEmpty { state.firstPending = clock.monotonic() }
        if state.pending.count >= ChecksumStore.mostPending, state.pending[key] == nil { return }
        state.pending[key] = row
    }

    private func writeIfMany(_ state: inout State) {
        if state.pending.count >= ChecksumStore.batchSize, clock.monotonic() >= state.nextTry {
            write(&state)
        }
    }

    private func write(_ state: inout State) {
        if state.rows == nil { open(&state, create: true) }
        guard state.rows != nil else { return }
        do throws(SQLiteError) {
            try writePending(&state)
        } catch {
            failed(error, &state)
            // A new database in place of one that cannot be used takes them.
            if error.isUnusable, state.rows != nil { try? writePending(&state) }
        }
    }

    private func writePending(_ state: inout State) throws(SQLiteError) {
        guard let rows = state.rows else { return }
        try rows.write(state.pending, state.days.filter { state.newDays.contains($0.key) })
        state.pending = [:]
        state.newDays = []
        state.writes += 1
        state.warned = false
        state.pause = ChecksumStore.firstPause
        state.nextTry = 0
    }

    /// - Parameter create: else only where the file is there.
    private func open(_ state: inout State, create: Bool) {
        if clock.monotonic() < state.nextTry { return }
        do {
            if create {
                try makeDirectories(directory, mode: 0o750)
            } else {
                // Nothing there is nothing to read. Any other failure comes up when opening.
                do throws(SystemError) { _ = try Descriptor.open(path, [.path]) } catch {
                    if error.meaning == .gone { return }
                }
            }
            try open(&state, access == .create && !create ? .readAndWrite : access)
        } catch let error as SQLiteError {
            failed(error, &state)
        } catch {
            pause(&state)
            warn("\(error)", &state)
        }
    }

    private func open(_ state: inout State, _ access: SQLiteDatabase.Access) throws(SQLiteError) {
        let rows = try ChecksumTable(path: path, access, patience: ChecksumStore.patience)
        state.overridden.formUnion(try rows.overridden(old: false))
        state.oldOverridden.formUnion(try rows.overridden(old: true))
        state.rows = rows
        state.nextTry = 0
        // Numbers that were given out without it began at one.
        let volumes = state.days.keys
        state.days = [:]
        state.newDays = []
        let counts = Dictionary(volumes.map { ($0.number, count($0, &state)) }) { one, _ in one }
        for key in state.pending.keys { state.pending[key]!.seen = counts[key.volume] ?? 1 }
    }

    private func failed(_ error: SQLiteError, _ state: inout State) {
        pause(&state)
        guard error.isUnusable, access != .read else { return warn("\(error)", &state) }
        // Closed before it is moved.
        state.rows = nil
        state.overridden = []
        state.oldOverridden = []
        do {
            let place = try Descriptor.open(directory, [.path, .directory])
            try place.rename(RawName("checksums.sqlite"), to: RawName("checksums.sqlite.bad"))
            // A journal of the old database must not be played into the new one.
            try? place.unlink(RawName("checksums.sqlite-journal"))
            try open(&state, .create)
            logger.warning(
                "The checksum store cannot be used and is begun anew; files without attributes are hashed again",
                metadata: ["file": "\(path)", "kept as": "\(path).bad", "error": "\(error)"])
        } catch let second {
            warn("\(error); \(second)", &state)
        }
    }

    private func pause(_ state: inout State) {
        state.nextTry = clock.monotonic() + state.pause
        state.pause = min(2 * state.pause, ChecksumStore.longestPause)
    }

    /// Once until it works again.
    private func warn(_ error: String, _ state: inout State) {
        state.problem = error
        if state.warned { return }
        state.warned = true
        logger.warning(
            "No checksum store for now: files on which no attribute can be written are hashed at the next start",
            metadata: ["file": "\(path)", "error": "\(error)"])
    }
}
