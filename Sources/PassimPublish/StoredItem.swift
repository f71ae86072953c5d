internal import PassimCore

/// A published file, and how often it is being downloaded now.
struct StoredItem: Sendable {
    /// As it is named on disk, which may be after another digest than its own.
    let name: RawName
    var description: ItemDescription
    var identity: FileIdentity
    /// From when its age counts.
    let made: Timestamp
    /// Other files with the same content: they are not shared, and go with this one.
    var copies: [RawName] = []
    /// Whole downloads under way.
    private(set) var sending: UInt32 = 0
    /// It is being deleted.
    var isLeaving = false

    init(name: RawName, description: ItemDescription, identity: FileIdentity, made: Timestamp) {
        self.name = name
        self.description = description
        self.identity = identity
        self.made = made
    }

    var digest: Digest { description.digest }

    /// When it is to be deleted; nil: never for its age.
    var due: Timestamp? {
        let age = description.lifetime.maxAge
        if age == Lifetime.unlimited { return nil }
        let (seconds, overflow) = made.seconds.addingReportingOverflow(Int64(age))
        return overflow ? nil : Timestamp(seconds: seconds, nanoseconds: made.nanoseconds)
    }

    /// Nobody is to have it any more.
    func isOver(at now: Timestamp) -> Bool {
        description.lifetime.isUsedUp(description.shareCount) || due.map { $0 <= now } ?? false
    }

    /// Whether an entry of the index is this file: its times may have changed since, and so may its number.
    private func isSame(_ entry: Entry) -> Bool {
        identity.device == entry.identity.device && identity.inode == entry.identity.inode
    }

    func isAvailable(_ entry: Entry, at now: Timestamp) -> Bool {
        guard isSame(entry), !isLeaving, !isOver(at: now) else { return false }
        // Those under way count as if they were over already, or more than the limit would get it.
        let (count, overflow) = description.shareCount.addingReportingOverflow(sending)
        return !description.lifetime.isUsedUp(overflow ? .max : count)
    }

    mutating func begin(_ entry: Entry, at now: Timestamp) -> Bool {
        guard isAvailable(entry, at: now) else { return false }
        sending += 1
        return true
    }

    mutating func giveBack(_ entry: Entry) {
        if isSame(entry), sending > 0 { sending -= 1 }
    }

    /// - Returns: false where the download was of another file that had this content.
    mutating func complete(_ entry: Entry) -> Bool {
        guard isSame(entry) else { return false }
        if sending > 0 { sending -= 1 }
        if description.shareCount < .max { description.shareCount += 1 }
        return true
    }

    /// The same content was found again, in this file.
    mutating func renew(_ identity: FileIdentity) {
        if identity.device != self.identity.device || identity.inode != self.identity.inode { sending = 0 }
        self.identity = identity
    }
}
