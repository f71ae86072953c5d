internal import PassimCore
internal import PassimSystem

/// A published file, and how much of it was sent and is being sent.
struct StoredItem: Sendable {
    /// As it is named on disk, which may be after another digest than its own.
    let name: RawName
    var description: ItemDescription
    var identity: FileIdentity
    /// When the file was made.
    let made: Timestamp
    /// When it is to be deleted, in nanoseconds of `TimeSource.boot`: the time of day may be set. nil: never for its
    /// age.
    let due: UInt64?
    /// True if the digest may be remembered: nobody can have written to the file since without its times
    /// telling.
    var isSure: Bool
    /// Other files with the same content: they are not shared, and go with this one.
    var copies: [RawName] = []
    /// Bytes sent since the last share was complete: less than a share has. Lost with the process.
    private var sent: UInt64 = 0
    /// Bytes that are being sent.
    private var reserved: UInt64 = 0
    /// It is being deleted.
    var isLeaving = false

    init(
        name: RawName, description: ItemDescription, identity: FileIdentity, made: Timestamp, due: UInt64?,
        isSure: Bool = true
    ) {
        self.name = name
        self.description = description
        self.identity = identity
        self.made = made
        self.due = due
        self.isSure = isSure
    }

    var digest: Digest { description.digest }

    /// When an item is due that was made then. A file that is younger than now has all of its time before it.
    static func due(_ lifetime: Lifetime, made: Timestamp, _ clock: TimeSource) -> UInt64? {
        if lifetime.maxAge == Lifetime.unlimited { return nil }
        let whole = UInt64(lifetime.maxAge) * 1_000_000_000
        let (now, boot) = (clock.now(), clock.boot())
        let passed = nanoseconds(from: made, to: now)
        return boot &+ (whole - min(whole, passed))
    }

    /// 0 where `end` is before `start`.
    private static func nanoseconds(from start: Timestamp, to end: Timestamp) -> UInt64 {
        guard start < end else { return 0 }
        let (seconds, isTooMuch) = end.seconds.subtractingReportingOverflow(start.seconds)
        guard !isTooMuch, seconds <= Int64(UInt32.max) else { return .max }
        return UInt64(seconds) * 1_000_000_000 + UInt64(end.nanoseconds) - UInt64(start.nanoseconds)
    }

    /// Nobody is to have it any more.
    func isOver(at now: UInt64) -> Bool {
        description.lifetime.isUsedUp(description.shareCount) || due.map { $0 <= now } ?? false
    }

    /// True if an entry of the index is this file: its times may have changed since, and so may its number.
    private func isSame(_ entry: Entry) -> Bool {
        identity.device == entry.identity.device && identity.inode == entry.identity.inode
    }

    func isAvailable(_ entry: Entry, at now: UInt64) -> Bool {
        guard isSame(entry), !isLeaving, !isOver(at: now) else { return false }
        guard let left = description.lifetime.sharesLeft(description.shareCount) else { return true }
        // Bytes that are being sent count as if they were sent already, or more than the limit would get it.
        let (used, isTooMuch) = sent.addingReportingOverflow(reserved)
        let (limit, isUnreachable) = UInt64(left).multipliedReportingOverflow(by: share)
        return isUnreachable || !isTooMuch && used < limit
    }

    /// The weight of a share.
    private var share: UInt64 { Delivery.weight(of: description.size) }

    /// - Parameter bytes: those of the content that are to be sent.
    mutating func begin(_ entry: Entry, bytes: UInt64, at now: UInt64) -> Bool {
        guard isAvailable(entry, at: now) else { return false }
        let (sum, isTooMuch) = reserved.addingReportingOverflow(Delivery.weight(of: bytes))
        reserved = isTooMuch ? .max : sum
        return true
    }

    /// - Returns: whether that completes a share, and whether it is one of this file: it is none where another file
    ///   that had this content was sent.
    mutating func end(_ delivery: Delivery) -> (completesShare: Bool, isCounted: Bool) {
        guard isSame(delivery.entry) else { return (StoredItem.isWhole(delivery), false) }
        reserved -= min(reserved, Delivery.weight(of: delivery.reserved))
        // No response has more than a file, so that there is no more than one.
        sent += min(delivery.weight, share)
        guard sent >= share else { return (false, true) }
        sent -= share
        if description.shareCount < .max { description.shareCount += 1 }
        return (true, true)
    }

    /// A download of a file that is no item any more counts for itself.
    static func isWhole(_ delivery: Delivery) -> Bool {
        delivery.isComplete && delivery.reserved == delivery.entry.identity.size
    }

    /// The same content was found again, in this file.
    mutating func renew(_ identity: FileIdentity) {
        if identity.device != self.identity.device || identity.inode != self.identity.inode { reserved = 0 }
        self.identity = identity
    }
}
