internal import PassimCore

/// Digests of files that are not in the index just now: of a disk that was unmounted, of a directory that was moved.
final class MemoryRows: Sendable {
    private typealias Row = (identity: FileIdentity, digest: Digest)

    /// 150 bytes each: 20 MB in all.
    private let rows: Lock<RecentTable<ChecksumTable.Key, Row>>

    init(limit: Int = 1 << 17) {
        rows = Lock(RecentTable(capacity: limit))
    }

    func add(_ files: [(FileIdentity, Digest)], on volume: Volume) {
        rows.withLock { rows in
            for (identity, digest) in files {
                rows[ChecksumTable.Key(identity, volume)] = (identity, digest)
            }
        }
    }

    /// The digest of exactly this file in exactly this state.
    func find(_ identity: FileIdentity, on volume: Volume) -> Digest? {
        guard let row = rows.withLock({ $0[ChecksumTable.Key(identity, volume)] }),
            row.identity.isSame(as: identity)
        else { return nil }
        return row.digest
    }

    var isEmpty: Bool { rows.withLock { $0.count == 0 } }
}

extension FileIdentity {
    /// The same but for st_dev, which another mount of the same file system may have changed.
    func isSame(as other: FileIdentity, anyInode: Bool = false) -> Bool {
        (anyInode || inode == other.inode) && size == other.size && modified == other.modified
            && changed == other.changed
    }
}
