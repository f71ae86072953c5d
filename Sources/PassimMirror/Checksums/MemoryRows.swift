internal import PassimCore

/// Digests of files that are not in the index just now, or not yet: of a disk that was unmounted, of a directory
/// that was moved, and those that root has hashed. Bounded: the older half goes first.
final class MemoryRows: Sendable {
    private struct Rows {
        var recent: [ChecksumTable.Key: (identity: FileIdentity, digest: Digest)] = [:]
        var older: [ChecksumTable.Key: (identity: FileIdentity, digest: Digest)] = [:]
    }

    /// 150 bytes each: 20 MB in all.
    private let limit: Int
    private let rows = Lock(Rows())

    init(limit: Int = 1 << 17) {
        self.limit = limit
    }

    func add(_ files: [(FileIdentity, Digest)], on volume: Volume) {
        rows.withLock { rows in
            for (identity, digest) in files {
                rows.recent[ChecksumTable.Key(identity, volume)] = (identity, digest)
                if rows.recent.count >= limit / 2 {
                    rows.older = rows.recent
                    rows.recent = [:]
                }
            }
        }
    }

    /// The digest of exactly this file in exactly this state.
    func find(_ identity: FileIdentity, on volume: Volume) -> Digest? {
        rows.withLock { rows in
            let key = ChecksumTable.Key(identity, volume)
            guard let row = rows.recent[key] ?? rows.older[key], row.identity.isSame(as: identity) else {
                return nil
            }
            return row.digest
        }
    }

    var isEmpty: Bool { rows.withLock { $0.recent.isEmpty && $0.older.isEmpty } }
}

extension FileIdentity {
    /// The same but for st_dev, which another mount of the same file system may have changed.
    func isSame(as other: FileIdentity) -> Bool {
        inode == other.inode && size == other.size && modified == other.modified && changed == other.changed
    }
}
