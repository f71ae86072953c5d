internal import PassimGLib

/// The state of one drop-in's syncs: a keyfile `/var/lib/passim-sync/NAME`, where NAME is that of the drop-in
/// without `.conf`. Whoever syncs replaces it whole, readable for everybody, after each run:
///
///     [sync]
///     LastWhole=1764526800
///     LastTry=1764530400
///     Error=dl.example.org does not answer
package struct SyncState: Sendable, Equatable {
    /// When the last sync ended that left nothing out, in seconds since 1970; nil: none has.
    package var lastWhole: Int64?
    /// When the last one ended, whole or not.
    package var lastTry: Int64?
    /// Why the last one was not whole; nil where it was.
    package var error: String?

    package init(lastWhole: Int64? = nil, lastTry: Int64? = nil, error: String? = nil) {
        self.lastWhole = lastWhole
        self.lastTry = lastTry
        self.error = error
    }

    /// - Returns: nil where there is no such file, or none that can be read: nothing has synced yet. May wait for a disk.
    package static func read(_ path: String) -> SyncState? {
        guard let file = try? ConfigurationFile.read(path), file.hasGroup("sync") else { return nil }
        return SyncState(
            lastWhole: file.value("sync", "LastWhole").flatMap { Int64($0) },
            lastTry: file.value("sync", "LastTry").flatMap { Int64($0) },
            error: (try? file.string("sync", "Error")).flatMap { $0.isEmpty ? nil : $0 })
    }
}
