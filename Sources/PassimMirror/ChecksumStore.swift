// Digests of files on which no attribute can be written: the usual case of a packaged daemon, which runs as
// its own user over a mirror that belongs to root.
//
// A row belongs to an inode of a device, and counts only while size, mtime and ctime are those that the
// row was made with. A file that changes replaces its own row. Device numbers may differ at the next boot
// (btrfs, NFS, device mapper): then nothing is found, the files are hashed once more, and the old rows are
// not seen again and pruned. A number that meanwhile belongs to another file system does no harm either,
// unless inode, size, and both times to the nanosecond agree.
//
// A rollback journal rather than WAL: a start that only reads writes nothing then, not even a -shm file.
// synchronous=NORMAL: a commit that a power failure takes back costs hashing, nothing else.

package import Logging
internal import PassimCore
internal import PassimSystem

/// The checksum database, `checksums.sqlite` in a directory; made when there is first something to write.
///
/// Nothing here fails: a store that cannot be opened or written costs one warning and hashing at the next
/// start. From any thread; look-ups wait for a flush that is under way.
package final class ChecksumStore: Sendable {
    /// Rows wait in memory for at most this many, or this long (nanoseconds): small transactions are slow.
    private static let batchSize = 8192
    private static let longestWait: UInt64 = 2_000_000_000
    /// How old the note of when a row was last used may be before a use renews it. Days: at an ordinary
    /// start nothing is written.
    private static let renewAfter: Int64 = 7
    /// Rows not used for so many days are pruned.
    private static let keepFor: Int64 = 30

    private let path: String
    private let directory: String
    private let logger: Logger
    private let clock: TimeSource
    /// Rows past which the least recently used are pruned: about 90 bytes each.
    private let longest: Int64

    private struct State {
        var rows: ChecksumTable?
        var pending: [ChecksumTable.Key: ChecksumTable.Row] = [:]
        var firstPending: UInt64 = 0
        var overridden: Set<ChecksumTable.Key> = []
        var warned = false
        var prunedOn: Int64 = 0
        var writes = 0
    }
    private let state: Lock<State>

    package convenience init(directory: String, logger: Logger) {
        self.init(directory: directory, logger: logger, clock: .system)
    }

    init(directory: String, logger: Logger, clock: TimeSource, longest: Int64 = 4_000_000) {
        self.directory = directory
        path = directory + "/checksums.sqlite"
        self.logger = logger
        self.clock = clock
        self.longest = longest
        state = Lock(State())
        state.withLock { open(&$0, create: false) }
    }

    /// Write transactions so far.
    package var writes: Int { state.withLock { $0.writes } }

    /// Whether the attributes of this inode are known to be wrong and could not be replaced.
    func overrides(_ identity: FileIdentity) -> Bool {
        state.withLock { state in
            !state.overridden.isEmpty && state.overridden.contains(ChecksumTable.Key(identity))
        }
    }

    /// The digest of exactly this file in exactly this state.
    func find(_ identity: FileIdentity) -> Digest? { find([identity])[0] }

    /// The same of several files, at best those of one directory: a search for each takes three times as long.
    func find(_ identities: [FileIdentity]) -> [Digest?] {
        let today = self.today
        var found = [Digest?](repeating: nil, count: identities.count)
        state.withLock { state in
            var wanted: [(key: ChecksumTable.Key, position: Int)] = []
            wanted.reserveCapacity(identities.count)
            for (position, identity) in identities.enumerated() {
                let key = ChecksumTable.Key(identity)
                if let row = state.pending[key] {
                    if row.identity == identity { found[position] = row.digest }
                } else {
                    wanted.append((key, position))
                }
            }
            guard let rows = state.rows, !wanted.isEmpty else { return }
            wanted.sort { $0.key < $1.key }
            var stale: [(ChecksumTable.Key, ChecksumTable.Row)] = []
            do throws(SQLiteError) {
                try rows.find(wanted.map(\.key)) { index, row in
                    let (key, position) = wanted[index]
                    guard row.identity == identities[position] else { return }
                    found[position] = row.digest
                    if row.seen + ChecksumStore.renewAfter <= today { stale.append((key, row)) }
                }
            } catch {
                failed(error, &state)
            }
            for (key, var row) in stale {
                row.seen = today
                add(row, key, &state)
            }
            if state.pending.count >= ChecksumStore.batchSize { write(&state) }
        }
        return found
    }

    /// Remembers a digest; written with the next batch.
    ///
    /// - Parameter overrides: the file has attributes that say something else and cannot be replaced.
    func record(_ identity: FileIdentity, _ digest: Digest, overrides: Bool) {
        let today = self.today
        state.withLock { state in
            let key = ChecksumTable.Key(identity)
            if overrides { state.overridden.insert(key) } else { state.overridden.remove(key) }
            add(
                ChecksumTable.Row(identity: identity, digest: digest, overrides: overrides, seen: today), key,
                &state)
            if state.pending.count >= ChecksumStore.batchSize { write(&state) }
        }
    }

    /// Writes what has waited long enough, or all of it.
    package func flush(onlyIfDue: Bool = false) {
        let now = clock.monotonic()
        state.withLock { state in
            if state.pending.isEmpty { return }
            if onlyIfDue, now < state.firstPending + ChecksumStore.longestWait { return }
            write(&state)
        }
    }

    /// Writes what waits and lets go of the database, which another process may then have.
    package func close() {
        flush()
        state.withLock { $0.rows = nil }
    }

    /// Removes what no pass has used for long; looks once a day at most.
    func prune() {
        let today = self.today
        state.withLock { state in
            guard state.prunedOn != today, let rows = state.rows else { return }
            state.prunedOn = today
            do throws(SQLiteError) {
                if try rows.prune(seenBefore: today - ChecksumStore.keepFor, longest: longest) > 0 {
                    state.writes += 1
                }
            } catch {
                failed(error, &state)
            }
        }
    }

    /// Days since 1970.
    private var today: Int64 { clock.now().seconds / 86400 }

    private func add(_ row: ChecksumTable.Row, _ key: ChecksumTable.Key, _ state: inout State) {
        if state.pending.isEmpty { state.firstPending = clock.monotonic() }
        state.pending[key] = row
    }

    private func write(_ state: inout State) {
        if state.rows == nil { open(&state, create: true) }
        if let rows = state.rows {
            do throws(SQLiteError) {
                try rows.write(state.pending)
                state.writes += 1
                state.warned = false
            } catch {
                failed(error, &state)
                // A new database in place of a damaged one takes them.
                if error.isCorruption, let rows = state.rows, (try? rows.write(state.pending)) != nil {
                    state.writes += 1
                }
            }
        }
        // Written, or lost: the index has them while the daemon runs.
        state.pending = [:]
    }

    private func open(_ state: inout State, create: Bool) {
        do {
            if create {
                try makeDirectories(directory, mode: 0o750)
            } else {
                // Nothing there is nothing to read. Any other failure comes up when opening.
                do throws(SystemError) { _ = try Descriptor.open(path, [.path]) } catch {
                    if error.meaning == .gone { return }
                }
            }
            let rows = try ChecksumTable(path: path, create: create)
            state.overridden = try rows.overridden()
            state.rows = rows
        } catch let error as SQLiteError {
            failed(error, &state)
        } catch {
            warn("\(error)", &state)
        }
    }

    private func failed(_ error: SQLiteError, _ state: inout State) {
        guard error.isCorruption else { return warn("\(error)", &state) }
        // Closed before it is moved.
        state.rows = nil
        state.overridden = []
        do {
            let place = try Descriptor.open(directory, [.path, .directory])
            try place.rename(RawName("checksums.sqlite"), to: RawName("checksums.sqlite.damaged"))
            // A journal of the old database must not be played into the new one.
            try? place.unlink(RawName("checksums.sqlite-journal"))
            state.rows = try ChecksumTable(path: path, create: true)
            logger.warning(
                "The checksum store was damaged and is begun anew; files without attributes are hashed again",
                metadata: ["file": "\(path)", "kept as": "\(path).damaged", "error": "\(error)"])
        } catch let second {
            warn("\(error); \(second)", &state)
        }
    }

    /// Once until it works again.
    private func warn(_ error: String, _ state: inout State) {
        if state.warned { return }
        state.warned = true
        logger.warning(
            "No checksum store: files on which no attribute can be written are hashed at each start",
            metadata: ["file": "\(path)", "error": "\(error)"])
    }
}
