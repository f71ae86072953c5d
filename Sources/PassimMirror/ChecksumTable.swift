internal import PassimCore

/// The one table of the checksum database and its statements; for one thread at a time.
final class ChecksumTable {
    struct Key: Hashable, Comparable {
        var device: UInt64
        var inode: UInt64

        init(_ identity: FileIdentity) {
            device = identity.device
            inode = identity.inode
        }

        fileprivate init(device: Int64, inode: Int64) {
            self.device = UInt64(bitPattern: device)
            self.inode = UInt64(bitPattern: inode)
        }

        /// The order of the table: SQLite's integers have signs.
        static func < (one: Key, other: Key) -> Bool {
            (Int64(bitPattern: one.device), Int64(bitPattern: one.inode))
                < (Int64(bitPattern: other.device), Int64(bitPattern: other.inode))
        }

        /// Whether reading all rows from one key to the next, which is not before it, is less work than two searches.
        fileprivate func isNear(_ next: Key) -> Bool {
            device == next.device && next.inode &- inode <= 8
        }
    }

    struct Row {
        var identity: FileIdentity
        var digest: Digest
        var overrides: Bool
        /// Days since 1970.
        var seen: Int64
    }

    private let database: SQLiteDatabase
    private let selection: SQLiteStatement
    private let insertion: SQLiteStatement

    init(path: String, create: Bool) throws(SQLiteError) {
        database = try SQLiteDatabase(path: path, create: create)
        // EXCLUSIVE: nobody else has business here, and look-ups save the file locks. The cache is small
        // because the kernel has one too.
        try database.execute(
            """
            PRAGMA locking_mode = EXCLUSIVE;
            PRAGMA journal_mode = DELETE;
            PRAGMA synchronous = NORMAL;
            PRAGMA cache_size = -1024;
            """)
        let version = try database.integer("PRAGMA user_version") ?? 0
        if version == 0 {
            // The number first: an unfinished database has none.
            try database.execute(
                """
                BEGIN IMMEDIATE;
                CREATE TABLE checksum (
                    device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
                    modified INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
                    changed INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
                    digest BLOB NOT NULL, overrides INTEGER NOT NULL, seen INTEGER NOT NULL,
                    PRIMARY KEY (device, inode)
                ) WITHOUT ROWID;
                PRAGMA user_version = 1;
                COMMIT;
                """)
        } else if version != 1 {
            // Not damage: whoever made it will want it back.
            throw SQLiteError(code: 0, message: "made by another version of passim (format \(version))")
        }
        selection = try database.prepare(
            """
            SELECT size, modified, modified_ns, changed, changed_ns, digest, overrides, seen, inode
            FROM checksum WHERE device = ?1 AND inode BETWEEN ?2 AND ?3 ORDER BY inode
            """)
        insertion = try database.prepare(
            "INSERT OR REPLACE INTO checksum VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")
    }

    /// Tells the rows that there are, and of which of the keys each is. Rows beside each other are read in one go: the
    /// inodes of a directory's files mostly are.
    ///
    /// - Parameter keys: in their order.
    func find(_ keys: [Key], _ body: (_ position: Int, Row) -> Void) throws(SQLiteError) {
        var start = 0
        while start < keys.count {
            var end = start + 1
            while end < keys.count, keys[end - 1].isNear(keys[end]) { end += 1 }
            try find(keys, start..<end, body)
            start = end
        }
    }

    /// - Parameter range: of keys with one device.
    private func find(
        _ keys: [Key], _ range: Range<Int>, _ body: (_ position: Int, Row) -> Void
    ) throws(SQLiteError) {
        var position = range.lowerBound
        let last = keys[range.upperBound - 1]
        selection.bind(1, Int64(bitPattern: last.device))
        selection.bind(2, Int64(bitPattern: keys[position].inode))
        selection.bind(3, Int64(bitPattern: last.inode))
        defer { selection.reset() }
        while position < range.upperBound, try selection.step() {
            let key = Key(device: Int64(bitPattern: last.device), inode: selection.integer(8))
            while position < range.upperBound, keys[position] < key { position += 1 }
            guard position < range.upperBound, keys[position] == key, let row = row(key) else { continue }
            // A file may have several names.
            while position < range.upperBound, keys[position] == key {
                body(position, row)
                position += 1
            }
        }
    }

    /// The row that the selection is at; nil where its digest is none.
    private func row(_ key: Key) -> Row? {
        guard let digest = selection.withBytes(5, { Digest(bytes: $0) }) else { return nil }
        return Row(
            identity: FileIdentity(
                device: key.device, inode: key.inode, size: UInt64(bitPattern: selection.integer(0)),
                modified: timestamp(1), changed: timestamp(3)),
            digest: digest, overrides: selection.integer(6) != 0, seen: selection.integer(7))
    }

    /// All of them in one transaction, in the order of the table: then most go where the one before them went.
    func write(_ rows: [Key: Row]) throws(SQLiteError) {
        try database.execute("BEGIN IMMEDIATE")
        do throws(SQLiteError) {
            for (_, row) in rows.sorted(by: { $0.key < $1.key }) { try insert(row) }
            try database.execute("COMMIT")
        } catch {
            // Some failures have rolled back already; then this one fails and that is all.
            try? database.execute("ROLLBACK")
            throw error
        }
    }

    /// The inodes whose attributes are known to be wrong.
    func overridden() throws(SQLiteError) -> Set<Key> {
        let statement = try database.prepare("SELECT device, inode FROM checksum WHERE overrides <> 0")
        var keys: Set<Key> = []
        while try statement.step() {
            keys.insert(Key(device: statement.integer(0), inode: statement.integer(1)))
        }
        return keys
    }

    /// - Parameter longest: rows that may stay; the least recently seen go first.
    /// - Returns: how many were removed; where there are none nothing is written.
    func prune(seenBefore day: Int64, longest: Int64) throws(SQLiteError) -> Int64 {
        let stale = try database.integer("SELECT count(*) FROM checksum WHERE seen < \(day)") ?? 0
        if stale > 0 { try database.execute("DELETE FROM checksum WHERE seen < \(day)") }
        let excess = (try database.integer("SELECT count(*) FROM checksum") ?? 0) - longest
        if excess > 0 {
            try database.execute(
                """
                DELETE FROM checksum WHERE (device, inode) IN
                    (SELECT device, inode FROM checksum ORDER BY seen LIMIT \(excess))
                """)
        }
        return stale + max(0, excess)
    }

    private func insert(_ row: Row) throws(SQLiteError) {
        let identity = row.identity
        insertion.bind(1, Int64(bitPattern: identity.device))
        insertion.bind(2, Int64(bitPattern: identity.inode))
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

    private func timestamp(_ column: CInt) -> Timestamp {
        Timestamp(
            seconds: selection.integer(column),
            nanoseconds: UInt32(truncatingIfNeeded: selection.integer(column + 1)))
    }
}
