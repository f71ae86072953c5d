internal import CSQLite

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
