import PassimCore
import PassimSystem
import Testing

@testable import PassimPublish

/// A class, as `#expect` cannot call what mutates.
private final class Shelved {
    private var shelf = Shelf()

    var isUnsaved: Bool {
        get { shelf.isUnsaved }
        set { shelf.isUnsaved = newValue }
    }
    var nextDue: UInt64? { shelf.nextDue }
    var counts: [Digest: UInt32] { shelf.counts }
    func over(at now: UInt64) -> [Digest] { shelf.over(at: now) }
    subscript(digest: Digest) -> StoredItem? { shelf[digest] }
    func insert(_ item: StoredItem) { shelf.insert(item) }
    func remove(_ digest: Digest) { shelf.remove(digest) }
    func renew(_ digest: Digest, _ identity: FileIdentity) { shelf.renew(digest, identity, isSure: true) }
    func place(for digest: Digest, at now: UInt64) -> Shelf.Place { shelf.place(for: digest, at: now) }
    func leave(_ digest: Digest, at now: UInt64) -> StoredItem? { shelf.leave(digest, at: now) }
    func begin(_ entry: Entry, bytes: UInt64? = nil, at now: UInt64) -> Bool {
        shelf.begin(entry, bytes: bytes ?? entry.identity.size, at: now)
    }
    func giveBack(_ entry: Entry) { _ = end(entry, sent: 0, of: entry.identity.size) }
    func complete(_ entry: Entry) -> Bool {
        shelf.end(delivery(of: entry, sent: entry.identity.size, of: entry.identity.size)).needsWork
    }
    /// - Returns: whether that completes a share.
    func end(_ entry: Entry, sent: UInt64, of reserved: UInt64) -> Bool {
        shelf.end(delivery(of: entry, sent: sent, of: reserved)).completesShare
    }
}

@Suite struct ShelfTests {
    private let digest = Digest(words: (1, 2, 3, 4))
    private let now: UInt64 = 1_000_000_000_005
    private let made = Timestamp(seconds: 5000, nanoseconds: 0)

    private func item(
        _ lifetime: Lifetime, shareCount: UInt32 = 0, inode: UInt64 = 7, size: UInt64 = 1
    ) -> StoredItem {
        let zero = Timestamp(seconds: 0, nanoseconds: 0)
        return StoredItem(
            name: RawName("x-file"),
            description: ItemDescription(
                digest: digest, filename: RawName("file"), lifetime: lifetime, shareCount: shareCount,
                size: size, created: made.seconds),
            identity: FileIdentity(device: 1, inode: inode, size: size, modified: zero, changed: zero),
            made: made,
            due: lifetime.maxAge == .max ? nil : now + UInt64(lifetime.maxAge) * 1_000_000_000)
    }

    private func entry(_ item: StoredItem) -> Entry {
        Entry(
            id: EntryID(0), digest: item.digest, identity: item.identity, origin: .published,
            directory: DirectoryID(0), flags: [])
    }

    @Test func downloadsUnderWayCountAsMade() {
        let shelf = Shelved()
        let item = item(Lifetime(maxAge: 60, shareLimit: 3), shareCount: 1)
        let entry = entry(item)
        shelf.insert(item)
        #expect(shelf.begin(entry, at: now) && shelf.begin(entry, at: now) && !shelf.begin(entry, at: now))
        shelf.giveBack(entry)
        #expect(shelf.begin(entry, at: now))
        shelf.isUnsaved = false
        #expect(shelf.complete(entry))
        #expect(!shelf.begin(entry, at: now))
        #expect(shelf.over(at: now).isEmpty)
        #expect(shelf.complete(entry))
        #expect(shelf.over(at: now) == [digest] && shelf.counts == [digest: 3])
    }

    @Test(arguments: [UInt32(0), .max]) func withoutALimitThereIsNone(_ limit: UInt32) {
        let shelf = Shelved()
        let item = item(Lifetime(maxAge: .max, shareLimit: limit), shareCount: .max - 1)
        shelf.insert(item)
        for _ in 0..<100 { #expect(shelf.begin(entry(item), at: now)) }
        for _ in 0..<100 { _ = shelf.complete(entry(item)) }
        #expect(shelf[digest]?.description.shareCount == .max && shelf.over(at: now).isEmpty)
        #expect(shelf.nextDue == nil)
    }

    @Test func partsAreAddedUpUntilTheyAreAShare() {
        let shelf = Shelved()
        let item = item(Lifetime(maxAge: 60, shareLimit: 2), size: 100)
        let entry = entry(item)
        shelf.insert(item)
        for _ in 0..<99 {
            #expect(shelf.begin(entry, bytes: 1, at: now))
            #expect(!shelf.end(entry, sent: 1, of: 1))
        }
        #expect(shelf[digest]?.description.shareCount == 0)
        // 101 of 200 bytes are left: one remains beside a whole download, and is enough to begin another.
        #expect(shelf.begin(entry, bytes: 100, at: now) && shelf.begin(entry, bytes: 100, at: now))
        #expect(!shelf.begin(entry, bytes: 1, at: now))
        // 139 were sent, and 100 are under way, until most of them are given back.
        #expect(shelf.end(entry, sent: 40, of: 100))
        #expect(shelf[digest]?.description.shareCount == 1 && !shelf.begin(entry, bytes: 1, at: now))
        #expect(!shelf.end(entry, sent: 10, of: 100))
        #expect(shelf.begin(entry, bytes: 1, at: now))
    }

    @Test func emptyFileIsAShareEachTime() {
        let shelf = Shelved()
        let item = item(Lifetime(maxAge: 60, shareLimit: 2), size: 0)
        let entry = entry(item)
        shelf.insert(item)
        #expect(shelf.begin(entry, at: now) && shelf.begin(entry, at: now) && !shelf.begin(entry, at: now))
        #expect(shelf.end(entry, sent: 0, of: 0) && shelf.end(entry, sent: 0, of: 0))
        #expect(shelf.over(at: now) == [digest])
    }

    @Test func limitsPastAllNumbersHoldNobodyUp() {
        let shelf = Shelved()
        let item = item(Lifetime(maxAge: 60, shareLimit: .max - 1), size: .max)
        let entry = entry(item)
        shelf.insert(item)
        for _ in 0..<3 { #expect(shelf.begin(entry, at: now)) }
        #expect(shelf.end(entry, sent: .max, of: .max) && shelf.end(entry, sent: .max, of: .max))
        #expect(shelf[digest]?.description.shareCount == 2)
    }

    @Test func itemIsDueAtItsAgeToTheNanosecond() {
        let shelf = Shelved()
        let item = item(Lifetime(maxAge: 60, shareLimit: 0))
        shelf.insert(item)
        let due = now + 60_000_000_000
        #expect(shelf.nextDue == due)
        #expect(shelf.begin(entry(item), at: due - 1) && shelf.leave(digest, at: due - 1) == nil)
        #expect(!shelf.begin(entry(item), at: due) && shelf.over(at: due) == [digest])
        #expect(shelf.leave(digest, at: due) != nil && !shelf.begin(entry(item), at: due - 1))
    }

    @Test func downloadsOfAnotherFileWithTheSameContentDoNotCount() {
        let shelf = Shelved()
        let old = item(Lifetime(maxAge: 60, shareLimit: 1), inode: 7)
        let new = item(Lifetime(maxAge: 60, shareLimit: 1), inode: 8)
        shelf.insert(old)
        #expect(shelf.begin(entry(old), at: now))
        shelf.remove(digest)
        shelf.insert(new)
        #expect(shelf.begin(entry(new), at: now))
        shelf.giveBack(entry(old))
        #expect(!shelf.begin(entry(new), at: now) && !shelf.begin(entry(old), at: now))
        #expect(!shelf.complete(entry(old)))
        #expect(shelf[digest]?.description.shareCount == 0)
    }

    @Test func fileFoundAgainKeepsItsDownloadsUnlessItIsAnotherOne() {
        let shelf = Shelved()
        let item = item(Lifetime(maxAge: 60, shareLimit: 1))
        shelf.insert(item)
        #expect(shelf.begin(entry(item), at: now))
        var touched = item.identity
        touched.changed.seconds += 1
        shelf.renew(digest, touched)
        #expect(!shelf.begin(entry(item), at: now))
        shelf.giveBack(entry(item))
        #expect(shelf.begin(entry(item), at: now))
        var replaced = touched
        replaced.inode += 1
        shelf.renew(digest, replaced)
        var other = entry(item)
        other.identity = replaced
        #expect(shelf.begin(other, at: now))
    }

    @Test func dueIsWhatIsLeftOfTheAge() {
        let clock = TimeSource(
            now: { Timestamp(seconds: 5010, nanoseconds: 7) }, monotonic: { 0 }, boot: { 1_000_000_000 })
        func due(_ age: UInt32, made: Timestamp) -> UInt64? {
            StoredItem.due(Lifetime(maxAge: age, shareLimit: 0), made: made, clock)
        }
        #expect(due(60, made: made) == 51_000_000_000 - 7)
        #expect(due(10, made: made) == 1_000_000_000)
        #expect(due(0, made: Timestamp(seconds: .min, nanoseconds: 0)) == 1_000_000_000)
        #expect(due(60, made: Timestamp(seconds: .max, nanoseconds: 0)) == 61_000_000_000)
        #expect(due(.max - 1, made: Timestamp(seconds: .min, nanoseconds: 0)) == 1_000_000_000)
        #expect(due(.max, made: made) == nil)
    }

    @Test func placeIsFreeTakenOrThatOfAnItemThatIsOver() {
        let shelf = Shelved()
        let item = item(Lifetime(maxAge: 60, shareLimit: 0))
        func place(at time: UInt64) -> String {
            switch shelf.place(for: digest, at: time) {
            case .free: "free"
            case .over: "over"
            case .taken: "taken"
            }
        }
        #expect(place(at: now) == "free")
        shelf.insert(item)
        #expect(place(at: now) == "taken" && place(at: now + 60_000_000_000) == "over")
        #expect(!shelf.begin(entry(item), at: now))
    }
}
