internal import PassimCore
internal import PassimPublish

/// Counts downloads: those of published items against their limits, all of them in the audit log and in the total.
final class ShareLedger: ShareObserver {
    private let store: ItemStore
    private let log: AuditLog
    private let totals: Totals

    init(store: ItemStore, log: AuditLog, totals: Totals) {
        self.store = store
        self.log = log
        self.totals = totals
    }

    func isAvailable(_ entry: Entry) -> Bool { store.isAvailable(entry) }
    func begin(_ entry: Entry) -> Bool { store.begin(entry) }
    func giveBack(_ entry: Entry) { store.giveBack(entry) }

    func complete(_ share: Share) {
        store.complete(share.entry)
        log.record(share)
        totals.add(share.bytes)
    }
}
