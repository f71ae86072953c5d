import PassimCore
import PassimSystem
import Testing

@testable import PassimPublish

/// A class, as `#expect` cannot call what mutates.
private final class PublishedItemsReference {
    private var published = PublishedItems()

    var isUnsaved: Bool {
        get { published.isUnsaved }
        set { published.isUnsaved = newValue }
    }
    var nextDue: UInt64? { published.nextDue }
    var counts: [Digest: UInt32] { published.counts }
    func over(at now: UInt64) -> [Digest] { published.over(at: now) }
    subscript(digest: Digest) -> StoredItem? { published[digest] }
    func insert(_ item: StoredItem) { published.insert(item) }
    func remove(_ digest: Digest) { published.remove(digest) }
    func renew(_ digest: Digest, _ identity: FileIdentity) { published.renew(digest, identity, isSure: true) }
    func place(for digest: Digest, at now: UInt64) -> PublishedItems.Place {
        published.place(for: digest, at: now)
    }
    func leave(_ digest: Digest, at now: UInt64) -> StoredItem? { published.leave(digest, at: now) }
    func begin(_ entry: Entry, bytes: UInt64? = nil, at now: UInt64) -> Bool {
        published.begin(entry, bytes: bytes ?? entry.identity.size, at: now)
    }
    func giveBack(_ entry: Entry) { _ = end(entry, sent: 0, of: entry.identity.size) }
    func complete(_ entry: Entry) -> Bool {
        published.end(delivery(of: entry, sent: entry.identity.size, of: entry.identity.size)).needsWork
    }
    /// - Returns: whether that completes a share.
    func end(_ entry: Entry, sent: UInt64, of reserved: UInt64) -> Bool {
        published.end(delivery(of: entry, sent: sent, of: reserved)).completesShare
    }
}

@Suite struct PublishedItemsTests {
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
        let published = PublishedItemsReference()
        let item = item(Lifetime(maxAge: 60, shareLimit: 3), shareCount: 1)
        let entry = entry(item)
        published.insert(item)
        #expect(
            published.begin(entry, at: now) && published.begin(entry, at: now)
                && !published.begin(entry, at: now))
        published.giveBack(entry)
        #expect(published.begin(entry, at: now))
        published.isUnsaved = false
        #expect(published.complete(entry))
        #expect(!published.begin(entry, at: now))
        #expect(published.over(at: now).isEmpty)
        #expect(published.complete(entry))
        #expect(published.over(at: now) == [digest] && published.counts == [digest: 3])
    }

    @Test(arguments: [UInt32(0), .max]) func withoutALimitThereIsNone(_ limit: UInt32) {
        let published = PublishedItemsReference()
        let item = item(Lifetime(maxAge: .max, shareLimit: limit), shareCount: .max - 1)
        published.insert(item)
        for _ in 0..<100 { #expect(published.begin(entry(item), at: now)) }
        for _ in 0..<100 { _ = published.complete(entry(item)) }
        #expect(published[digest]?.description.shareCount == .max && published.over(at: now).isEmpty)
        #expect(published.nextDue == nil)
    }

    @Test func partsAreAddedUpUntilTheyAreAShare() {
        let published = PublishedItemsReference()
        let item = item(Lifetime(maxAge: 60, shareLimit: 2), size: 100)
        let entry = entry(item)
        published.insert(item)
        for _ in 0..<99 {
            #expect(published.begin(entry, bytes: 1, at: now))
            #expect(!published.end(entry, sent: 1, of: 1))
        }
        #expect(published[digest]?.description.shareCount == 0)
        // 101 of 200 bytes are left: one remains beside a whole download, and is enough to begin another.
        #expect(published.begin(entry, bytes: 100, at: now) && published.begin(entry, bytes: 100, at: now))
        #expect(!published.begin(entry, bytes: 1, at: now))
        // 139 were sent, and 100 are under way, until most of them are given back.
        #expect(published.end(entry, sent: 40, of: 100))
        #expect(published[digest]?.description.shareCount == 1 && !published.begin(entry, bytes: 1, at: now))
        #expect(!published.end(entry, sent: 10, of: 100))
        #expect(published.begin(entry, bytes: 1, at: now))
    }

    @Test func emptyFileIsAShareEachTime() {
        let published = PublishedItemsReference()
        let item = item(Lifetime(maxAge: 60, shareLimit: 2), size: 0)
        let entry = entry(item)
        published.insert(item)
        #expect(
            published.begin(entry, at: now) && published.begin(entry, at: now)
                && !published.begin(entry, at: now))
        #expect(published.end(entry, sent: 0, of: 0) && published.end(entry, sent: 0, of: 0))
        #expect(published.over(at: now) == [digest])
    }

    @Test func limitsPastAllNumbersHoldNobodyUp() {
        let published = PublishedItemsReference()
        let item = item(Lifetime(maxAge: 60, shareLimit: .max - 1), size: .max)
        let entry = entry(item)
        published.insert(item)
        for _ in 0..<3 { #expect(published.begin(entry, at: now)) }
        #expect(published.end(entry, sent: .max, of: .max) && published.end(entry, sent: .max, of: .max))
        #expect(published[digest]?.description.shareCount == 2)
    }

    @Test func itemIsDueAtItsAgeToTheNanosecond() {
        let published = PublishedItemsReference()
        let item = item(Lifetime(maxAge: 60, shareLimit: 0))
        published.insert(item)
        let due = now + 60_000_000_000
        #expect(published.nextDue == due)
        #expect(published.begin(entry(item), at: due - 1) && published.leave(digest, at: due - 1) == nil)
        #expect(!published.begin(entry(item), at: due) && published.over(at: due) == [digest])
        #expect(published.leave(digest, at: due) != nil && !published.begin(entry(item), at: due - 1))
    }

    @Test func downloadsOfAnotherFileWithTheSameContentDoNotCount() {
        let published = PublishedItemsReference()
        let old = item(Lifetime(maxAge: 60, shareLimit: 1), inode: 7)
        let new = item(Lifetime(maxAge: 60, shareLimit: 1), inode: 8)
        published.insert(old)
        #expect(published.begin(entry(old), at: now))
        published.remove(digest)
        published.insert(new)
        #expect(published.begin(entry(new), at: now))
        published.giveBack(entry(old))
        #expect(!published.begin(entry(new), at: now) && !published.begin(entry(old), at: now))
        #expect(!published.complete(entry(old)))
        #expect(published[digest]?.description.shareCount == 0)
    }

    @Test func fileFoundAgainKeepsItsDownloadsUnlessItIsAnotherOne() {
        let published = PublishedItemsReference()
        let item = item(Lifetime(maxAge: 60, shareLimit: 1))
        published.insert(item)
        #expect(published.begin(entry(item), at: now))
        var touched = item.identity
        touched.changed.seconds += 1
        published.renew(digest, touched)
        #expect(!published.begin(entry(item), at: now))
        published.giveBack(entry(item))
        #expect(published.begin(entry(item), at: now))
        var replaced = touched
        replaced.inode += 1
        published.renew(digest, replaced)
        var other = entry(item)
        other.identity = replaced
        #expect(published.begin(other, at: now))
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
        let published = PublishedItemsReference()
        let item = item(Lifetime(maxAge: 60, shareLimit: 0))
        func place(at time: UInt64) -> String {
            switch published.place(for: digest, at: time) {
            case .free: "free"
            case .over: "over"
            case .taken: "taken"
            }
        }
        #expect(place(at: now) == "free")
        published.insert(item)
        #expect(place(at: now) == "taken" && place(at: now + 60_000_000_000) == "over")
        #expect(!published.begin(entry(item), at: now))
    }
}
