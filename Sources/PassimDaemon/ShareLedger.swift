internal import PassimCore
internal import PassimPublish
internal import PassimSystem

/// Counts what is sent: shares of published items against their limits, all shares in the audit log, all bytes in the
/// total, and what other machines have had for the page.
final class ShareLedger: ShareObserver {
    private let store: ItemStore
    private let log: AuditLog
    private let totals: Totals
    private let staticShares = StaticShares()
    private let counts: StaticShareCounts
    private let recent: RecentDownloads

    init(
        store: ItemStore, log: AuditLog, totals: Totals, counts: StaticShareCounts, recent: RecentDownloads
    ) {
        self.recent = recent
        self.counts = counts
        self.store = store
        self.log = log
        self.totals = totals
    }

    func isAvailable(_ entry: Entry) -> Bool { store.isAvailable(entry) }
    func begin(_ entry: Entry, bytes: UInt64) -> Bool { store.begin(entry, bytes: bytes) }

    func end(_ delivery: Delivery) -> Bool {
        let isPublished = delivery.entry.origin == .published
        let completesShare = isPublished ? store.end(delivery) : staticShares.end(delivery)
        if completesShare {
            log.record(share: delivery)
            if !isPublished { counts.add(delivery.entry.digest) }
        }
        if delivery.sent > 0 { totals.add(delivery.sent) }
        if !delivery.address.isLoopback {
            recent.record(delivery, isDownload: completesShare, at: monotonicNanoseconds())
        }
        return completesShare
    }

    /// Shares of a file of a directory.
    func count(of digest: Digest) -> UInt32 { counts[digest] }
}

/// Bytes each address has had of directories' files in parts, until they make a share.
///
/// Bounded: when it is full, those that asked longest ago begin anew.
final class StaticShares: Sendable {
    private let parts: Lock<RecentTable<ClientDigest, UInt64>>

    init(capacity: Int = 65536) {
        parts = Lock(RecentTable(capacity: capacity))
    }

    /// - Returns: whether that completes a share.
    func end(_ delivery: Delivery) -> Bool {
        let size = delivery.entry.identity.size
        // The usual case needs no table: a whole file leaves what was had in parts as it is.
        if delivery.isComplete, delivery.reserved == size { return true }
        guard delivery.weight > 0 else { return false }
        let key = ClientDigest(delivery.address, delivery.entry.digest)
        return parts.withLock { parts in
            // Both are no more than the file has.
            let sum = (parts[key] ?? 0) + min(delivery.weight, size)
            parts[key] = sum > size ? sum - size : sum == size ? nil : sum
            return sum >= size
        }
    }
}
