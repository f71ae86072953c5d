internal import CSQLite

/// A connection; for one thread at a time.
final class SQLiteDatabase {
    private let handle: OpaquePointer

    enum Access { case read, readAndWrite, create }

    /// - Parameter access: `create` makes the file where there is none.
    /// - Parameter patience: milliseconds for which a lock of another process is waited for.
    init(path: String, _ access: Access, patience: CInt) throws(SQLiteError) {
        var handle: OpaquePointer?
        let flags =
            SQLITE_OPEN_NOMUTEX
            | (access == .read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE)
            | (access == .create ? SQLITE_OPEN_CREATE : 0)
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard let handle, code == SQLITE_OK else {
            let error = SQLiteError(code: code, message: String(cString: sqlite3_errstr(code)))
            sqlite3_close_v2(handle)
            throw error
        }
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, patience)
        self.handle = handle
    }

    deinit {
        // _v2: statements that are still alive keep it open.
        sqlite3_close_v2(handle)
    }

    /// Runs statements that return nothing of interest.
    func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        if code != SQLITE_OK { throw error(code) }
    }

    func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard let statement, code == SQLITE_OK else { throw error(code) }
        return SQLiteStatement(statement, of: self)
    }

    /// The first column of the first row, of a statement used once; nil where there is no row.
    func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : nil
    }

    func error(_ code: CInt) -> SQLiteError {
        SQLiteError(code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
}

/// A prepared statement; for the thread of its connection.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let database: SQLiteDatabase

    init(_ handle: OpaquePointer, of database: SQLiteDatabase) {
        self.handle = handle
        self.database = database
    }

    deinit {
        sqlite3_finalize(handle)
    }

    /// - Parameter index: from 1, as SQLite counts parameters.
    func bind(_ index: CInt, _ value: Int64) {
        sqlite3_bind_int64(handle, index, value)
    }

    func bind(_ index: CInt, _ text: String) {
        bind(index, Array(text.utf8))
    }

    func bind(_ index: CInt, _ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { csqlite_bind_blob_copy(handle, index, $0.baseAddress, CInt($0.count)) }
    }

    /// - Returns: true where there is a row to read.
    func step() throws(SQLiteError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw database.error(code)
        }
    }

    /// Makes it ready for the next use, and ends its read transaction.
    func reset() {
        sqlite3_reset(handle)
    }

    /// - Parameter index: from 0, as SQLite counts columns.
    func integer(_ index: CInt) -> Int64 {
        sqlite3_column_int64(handle, index)
    }

    func withBytes<Result>(_ index: CInt, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = sqlite3_column_blob(handle, index)
        return body(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index))))
    }
}

/// A call of SQLite that failed: its result code and its sentence.
struct SQLiteError: Error, CustomStringConvertible {
    var code: CInt
    var message: String

    /// The file is damaged, is no database at all, or none that this program can use: waiting does not help.
    var isUnusable: Bool {
        [SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR, SQLITE_SCHEMA, SQLITE_MISMATCH, SQLITE_FORMAT]
            .contains(code & 0xFF)
    }

    /// Made by a version that this one does not know.
    static func version(_ number: Int64) -> SQLiteError {
        SQLiteError(code: SQLITE_FORMAT, message: "made by another version of passim (format \(number))")
    }

    var description: String { "\(message) (SQLite result \(code))" }
}
