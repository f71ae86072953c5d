internal import CSQLite

/// A call of SQLite that failed: its result code and its sentence.
struct SQLiteError: Error, CustomStringConvertible {
    var code: CInt
    var message: String

    /// The file is damaged, or is not a database at all.
    var isCorruption: Bool {
        let primary = code & 0xFF
        return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB
    }

    var description: String { "\(message) (SQLite result \(code))" }
}
