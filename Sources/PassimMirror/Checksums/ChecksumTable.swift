// The checksum database and its statements.
//
// Format 2: a row belongs to an inode of a file system, which is told by what lasts of it (Volume). How long a row
// was not used is counted in days on which its file system was there: a clock that is wrong once, or a disk that is
// in the cupboard for a year, ages nothing.
//
// Format 1, of version 0.2, had st_dev for the file system. Its rows stay in a table of their own; whoever
// finds one there writes it in the new one.

internal import PassimCore

/// For one thread at a time.
final class ChecksumTable {
    struct Key: Hashable, Comparable {
        /// `VolumeID.number`; in rows of format 1, st_dev.
        var volume: Int64
        var inode: UInt64

        init(_ identity: FileIdentity, _ volume: Volume) {
            self.volume = volume.key.number
            inode = identity.inode
        }

        init(old identity: FileIdentity) {
            volume = Int64(bitPattern: identity.device)
            inode = identity.inode
        }

        fileprivate init(volume: Int64, inode: Int64) {
            self.volume = volume
            self.inode = UInt64(bitPattern: inode)
        }

        /// The order of the table: SQLite's integers have signs.
        static func < (one: Key, other: Key) -> Bool {
            (one.volume, Int64(bitPattern: one.inode)) < (other.volume, Int64(bitPattern: other.inode))
        }

        /// True if reading all rows from one key to the next, which is not before it, is less work than two searches.
        fileprivate func isNear(_ next: Key) -> Bool {
            volume == next.volume && next.inode &- inode <= 8
        }
    }

    struct Row {
        /// Its device is not kept.
        var identity: FileIdentity
        var digest: Digest
        var overrides: Bool
        /// The day of its file system on which it was used last.
        var seen: Int64
    }

    /// How long a file system has been known.
    struct Days: Equatable {
        /// On how many days it was there.
        var count: Int64
        /// The last of them, in days since 1970: a day counts once.
        var last: Int64
    }

    /// Under this name the days are counted on which there was any.
    static let anyVolume = VolumeID("")
    private static let format: Int64 = 2

    private let database: SQLiteDatabase
    private let selection: SQLiteStatement
    private let oldSelection: SQLiteStatement?
    private let insertion: SQLiteStatement?
    private let volumeSelection: SQLiteStatement
    private let volumeInsertion: SQLiteStatement?

    /// The database is of format 1, and read only.
    private let isOldOnly: Bool
    /// True if there are rows of format 1.
    var hasOld: Bool { oldSelection != nil }

    /// - Throws: also where there is nothing to read yet, and `access` is `.read`.
    init(path: String, _ access: SQLiteDatabase.Access, patience: CInt) throws(SQLiteError) {
        let database = try SQLiteDatabase(path: path, access, patience: patience)
        self.database = database
        // The cache is small because the kernel has one too.
        try database.execute("PRAGMA cache_size = -1024")
        if access != .read {
            try database.execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = NORMAL")
            try ChecksumTable.prepare(database)
        }
        let version = try database.integer("PRAGMA user_version") ?? 0
        let isOld = access == .read && version == 1
        isOldOnly = isOld
        if version != ChecksumTable.format, !isOld { throw SQLiteError.version(version) }
        let columns = "size, modified, modified_ns, changed, changed_ns, digest, overrides, seen, inode"
        func select(_ table: String, _ key: String) throws(SQLiteError) -> SQLiteStatement {
            try database.prepare(
                "SELECT \(columns) FROM \(table) WHERE \(key) = ?1 AND inode BETWEEN ?2 AND ?3 ORDER BY inode"
            )
        }
        if isOld {
            selection = try select("(SELECT *, NULL AS volume FROM checksum)", "volume")
            oldSelection = try select("checksum", "device")
            volumeSelection = try database.prepare("SELECT 0, 0 WHERE ?1 IS NULL")
            insertion = nil
            volumeInsertion = nil
            return
        }
        selection = try select("file", "volume")
        let hasOld = try database.integer("SELECT 1 FROM sqlite_master WHERE name = 'checksum'") != nil
        oldSelection = hasOld ? try select("checksum", "device") : nil
        volumeSelection = try database.prepare("SELECT days, last FROM volume WHERE number = ?1")
        if access == .read {
            insertion = nil
            volumeInsertion = nil
        } else {
            insertion = try database.prepare(
                "INSERT OR REPLACE INTO file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
            volumeInsertion = try database.prepare("INSERT OR REPLACE INTO volume VALUES (?1, ?2, ?3, ?4)")
        }
    }

    /// Makes the tables where there are none, and keeps those of format 1.
    private static func prepare(_ database: SQLiteDatabase) throws(SQLiteError) {
        let version = try database.integer("PRAGMA user_version") ?? 0
        if version != 0, version != 1 { return }
        // In one transaction: who comes in between finds nothing or all.
        try database.execute(
            """
            BEGIN IMMEDIATE;
            CREATE TABLE IF NOT EXISTS volume (
                number INTEGER PRIMARY KEY, id BLOB NOT NULL, days INTEGER NOT NULL, last INTEGER NOT NULL
            );
            CREATE TABLE IF NOT EXISTS file (
                volume INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
                modified INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
                changed INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
                digest BLOB NOT NULL, overrides INTEGER NOT NULL, seen INTEGER NOT NULL,
                PRIMARY KEY (volume, inode)
            ) WITHOUT ROWID;
            PRAGMA user_version = \(format);
            COMMIT;
            """)
    }

    // MARK: - Reading

    /// Tells the rows that there are, and of which of the keys each is. Rows beside each other are read in one go: the
    /// inodes of a directory's files mostly are.
    ///
    /// - Parameter keys: in their order.
    /// - Parameter old: rows of format 1.
    func find(
        _ keys: [Key], old: Bool = false, _ body: (_ position: Int, Row) -> Void
    ) throws(SQLiteError) {
        guard let selection = old ? oldSelection : selection, !keys.isEmpty else { return }
        // One transaction: each takes and gives back a lock of the file.
        try database.execute("BEGIN")
        defer { try? database.execute("COMMIT") }
        var start = 0
        while start < keys.count {
            var end = start + 1
            while end < keys.count, keys[end - 1].isNear(keys[end]) { end += 1 }
            try find(selection, keys, start..<end, body)
            start = end
        }
    }

    /// - Parameter range: of keys with one file system.
    private func find(
        _ selection: SQLiteStatement, _ keys: [Key], _ range: Range<Int>,
        _ body: (_ position: Int, Row) -> Void
    ) throws(SQLiteError) {
        var position = range.lowerBound
        let last = keys[range.upperBound - 1]
        selection.bind(1, last.volume)
        selection.bind(2, Int64(bitPattern: keys[position].inode))
        selection.bind(3, Int64(bitPattern: last.inode))
        defer { selection.reset() }
        while position < range.upperBound, try selection.step() {
            let key = Key(volume: last.volume, inode: selection.integer(8))
            while position < range.upperBound, keys[position] < key { position += 1 }
            guard position < range.upperBound, keys[position] == key, let row = row(selection, key) else {
                continue
            }
            // A file may have several names.
            while position < range.upperBound, keys[position] == key {
                body(position, row)
                position += 1
            }
        }
    }

    /// The row that a selection is at; nil where it makes no sense.
    private func row(_ selection: SQLiteStatement, _ key: Key) -> Row? {
        func timestamp(_ column: CInt) -> Timestamp? {
            let nanoseconds = selection.integer(column + 1)
            guard 0..<1_000_000_000 ~= nanoseconds else { return nil }
            return Timestamp(seconds: selection.integer(column), nanoseconds: UInt32(nanoseconds))
        }
        guard let digest = selection.withBytes(5, { Digest(bytes: $0) }), let modified = timestamp(1),
            let changed = timestamp(3)
        else { return nil }
        return Row(
            identity: FileIdentity(
                device: 0, inode: key.inode, size: UInt64(bitPattern: selection.integer(0)),
                modified: modified, changed: changed),
            digest: digest, overrides: selection.integer(6) != 0, seen: selection.integer(7))
    }

    /// The inodes whose attributes are known to be wrong.
    func overridden(old: Bool) throws(SQLiteError) -> Set<Key> {
        if old ? !hasOld : isOldOnly { return [] }
        let statement = try database.prepare(
            old
                ? "SELECT device, inode FROM checksum WHERE overrides <> 0"
                : "SELECT volume, inode FROM file WHERE overrides <> 0")
        var keys: Set<Key> = []
        while try statement.step() {
            keys.insert(Key(volume: statement.integer(0), inode: statement.integer(1)))
        }
        return keys
    }

    /// Nil where it is not known, or what is known makes no sense.
    func days(of volume: VolumeID) throws(SQLiteError) -> Days? {
        volumeSelection.bind(1, volume.number)
        defer { volumeSelection.reset() }
        guard try volumeSelection.step() else { return nil }
        let days = Days(count: volumeSelection.integer(0), last: volumeSelection.integer(1))
        // Some thousand years.
        return 1...1_000_000 ~= days.count ? days : nil
    }

    // MARK: - Writing

    /// All of them in one transaction, in the order of the table: then most go where the one before them went.
    func write(_ rows: [Key: Row], _ days: [VolumeID: Days]) throws(SQLiteError) {
        guard let insertion, let volumeInsertion else { return }
        try inTransaction { () throws(SQLiteError) in
            for (volume, days) in days {
                volumeInsertion.bind(1, volume.number)
                volumeInsertion.bind(2, volume.text)
                volumeInsertion.bind(3, days.count)
                volumeInsertion.bind(4, days.last)
                defer { volumeInsertion.reset() }
                _ = try volumeInsertion.step()
            }
            for (key, row) in rows.sorted(by: { $0.key < $1.key }) { try insert(key, row, insertion) }
        }
    }

    private func insert(_ key: Key, _ row: Row, _ insertion: SQLiteStatement) throws(SQLiteError) {
        let identity = row.identity
        insertion.bind(1, key.volume)
        insertion.bind(2, Int64(bitPattern: key.inode))
        insertion.bind(3, Int64(bitPattern: identity.size))
        insertion.bind(4, identity.modified.seconds)
        insertion.bind(5, Int64(identity.modified.nanoseconds))
        insertion.bind(6, identity.changed.seconds)
        insertion.bind(7, Int64(identity.changed.nanoseconds))
        insertion.bind(8, row.digest.bytes)
        insertion.bind(9, row.overrides ? 1 : 0)
        insertion.bind(10, row.seen)
        defer { insertion.reset() }
        _ = try insertion.step()
    }

    /// Removes rows that were not used on so many of the days of their file system; when that many have passed with
    /// any, what is left of format 1.
    ///
    /// - Parameter longest: rows that may stay. Those of the file systems that were there last longest ago go first,
    ///   and of these the least recently used.
    /// - Returns: how many were removed; where there are none nothing is written.
    func prune(unusedFor days: Int64, longest: Int64) throws(SQLiteError) -> Int64 {
        var removed: Int64 = 0
        // A day of use yet to come is nonsense: a row that was used again would not have it.
        let stale =
            """
            FROM file WHERE EXISTS (SELECT 1 FROM volume WHERE number = file.volume
                AND (seen < days - \(days) OR seen > days))
            """
        let count = try database.integer("SELECT count(*) \(stale)") ?? 0
        if count > 0 { try database.execute("DELETE \(stale)") }
        removed += count
        let excess = (try database.integer("SELECT count(*) FROM file") ?? 0) - longest
        if excess > 0 {
            try database.execute(
                """
                DELETE FROM file WHERE (volume, inode) IN
                    (SELECT volume, inode FROM file LEFT JOIN volume ON number = volume
                     ORDER BY last, seen LIMIT \(excess))
                """)
            removed += excess
        }
        if hasOld, let any = try self.days(of: ChecksumTable.anyVolume), any.count > days {
            removed += try database.integer("SELECT count(*) FROM checksum") ?? 0
            try database.execute("DELETE FROM checksum")
        }
        return removed
    }

    private func inTransaction(_ body: () throws(SQLiteError) -> Void) throws(SQLiteError) {
        try database.execute("BEGIN IMMEDIATE")
        do throws(SQLiteError) {
            try body()
            try database.execute("COMMIT")
        } catch {
            // Some failures have rolled back already; then this one fails and that is all.
            try? database.execute("ROLLBACK")
            throw error
        }
    }
}
