import PassimCore
import Testing

@testable import PassimPublish

/// A class, as `#expect` cannot call what mutates.
private final class Shelved {
    private var shelf = Shelf()

    var isUnsaved: Bool {
        get { shelf.isUnsaved }
        set { shelf.isUnsaved = newValue }
    }
    var nextDue: Timestamp? { shelf.nextDue }
    var counts: [Digest: UInt32] { shelf.counts }
    func over(at now: Timestamp) -> [Digest] { shelf.over(at: now) }
    subscript(digest: Digest) -> StoredItem? { shelf[digest] }
    func insert(_ item: StoredItem) { shelf.insert(item) }
    func remove(_ digest: Digest) { shelf.remove(digest) }
    func renew(_ digest: Digest, _ identity: FileIdentity) { shelf.renew(digest, identity) }
    func leave(_ digest: Digest, at now: Timestamp) -> StoredItem? { shelf.leave(digest, at: now) }
    func begin(_ entry: Entry, at now: Timestamp) -> Bool { shelf.begin(entry, at: now) }
    func giveBack(_ entry: Entry) { shelf.giveBack(entry) }
    func complete(_ entry: Entry) -> Bool { shelf.complete(entry) }
}

@Suite struct ShelfTests {
    private let digest = Digest(words: (1, 2, 3, 4))
    private let now = Timestamp(seconds: 1000, nanoseconds: 5)

    private func item(_ lifetime: Lifetime, shareCount: UInt32 = 0, inode: UInt64 = 7) -> StoredItem {
        let zero = Timestamp(seconds: 0, nanoseconds: 0)
        return StoredItem(
            name: RawName("x-file"),
            description: ItemDescription(
                digest: digest, filename: RawName("file"), lifetime: lifetime, shareCount: shareCount,
                size: 1,
                created: now.seconds),
            identity: FileIdentity(device: 1, inode: inode, size: 1, modified: zero, changed: zero), made: now
        )
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

    @Test func itemIsDueAtItsAgeToTheNanosecond() {
        let shelf = Shelved()
        let item = item(Lifetime(maxAge: 60, shareLimit: 0))
        shelf.insert(item)
        #expect(shelf.nextDue == Timestamp(seconds: 1060, nanoseconds: 5))
        let before = Timestamp(seconds: 1060, nanoseconds: 4)
        #expect(shelf.begin(entry(item), at: before) && shelf.leave(digest, at: before) == nil)
        let due = Timestamp(seconds: 1060, nanoseconds: 5)
        #expect(!shelf.begin(entry(item), at: due) && shelf.over(at: due) == [digest])
        #expect(shelf.leave(digest, at: due) != nil && !shelf.begin(entry(item), at: before))
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

    @Test func timesPastTheEndOfTimeAreNeverDue() {
        let shelf = Shelved()
        var item = item(Lifetime(maxAge: 60, shareLimit: 0))
        item = StoredItem(
            name: item.name, description: item.description, identity: item.identity,
            made: Timestamp(seconds: .max, nanoseconds: 0))
        shelf.insert(item)
        #expect(shelf.nextDue == nil)
    }
}
