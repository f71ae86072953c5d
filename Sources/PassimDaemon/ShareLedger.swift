internal import PassimCore

/// Counts downloads.
final class ShareLedger: ShareObserver {
    func isAvailable(_ entry: Entry) -> Bool { true }
    func begin(_ entry: Entry) -> Bool { true }
    func giveBack(_ entry: Entry) {}
    func complete(_ share: Share) {}
}
