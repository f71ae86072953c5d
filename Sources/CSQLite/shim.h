// SQLite, and an inline for SQLITE_TRANSIENT, which is a cast of -1 to a function pointer.
#pragma once

#include <sqlite3.h>

static inline int csqlite_bind_blob_copy(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}
