import PassimCore
import PassimIndex
import Testing

struct DigestIndexTests {
    private let index = DigestIndex()

    private func directory(_ path: String = "d", _ origin: OriginID = someOrigin) -> DirectoryID {
        index.directory(origin: origin, path: RawName(path))
    }

    @Test func insertedFileIsFoundWithAllThatWasTold() throws {
        let identity = FileIdentity.make(5, size: 1234, device: 99)
        index.apply([.insert(directory("a/b"), "f.cab", .make(1), identity, flags: .nextReboot)])
        let entry = try #require(index.find(.make(1)))
        #expect(entry.digest == .make(1))
        #expect(entry.identity == identity)
        #expect(entry.origin == someOrigin)
        #expect(entry.directory == directory("a/b"))
        #expect(entry.flags == .nextReboot)
        #expect(index.path(of: entry) == RawName("a/b/f.cab"))
        #expect(index.entry(directory: directory("a/b"), name: RawName("f.cab")) == entry)
        #expect(index.entry(directory: directory("a"), name: RawName("f.cab")) == nil)
        #expect(index.find(.make(2)) == nil)
        #expect(index.totals(origin: someOrigin) == (1, 1234))
        #expect((index.count, index.digestCount, index.totalBytes) == (1, 1, 1234))
    }

    @Test func fileIsFoundByItsPath() {
        let other = OriginID(8)
        index.apply([
            .insert(directory("a/b"), "f", .make(1)), .insert(directory(""), "f", .make(2)),
            .insert(directory("a/b", other), "f", .make(3)),
        ])
        func digest(_ path: String, _ origin: OriginID = someOrigin) -> Digest? {
            index.find(origin: origin, path: RawName(path))?.digest
        }
        #expect(digest("a/b/f") == .make(1))
        #expect(digest("f") == .make(2))
        #expect(digest("a/b/f", other) == .make(3))
        for path in ["", "a", "a/f", "a/b", "a/b/f/f", "a/b/g"] { #expect(digest(path) == nil, "\(path)") }
        #expect(digest("f", other) == nil)
        index.apply([.remove(directory: directory("a/b"), name: RawName("f"))])
        #expect(digest("a/b/f") == nil)
    }

    @Test func replacedFileHasNoPathAnyMore() throws {
        index.apply([.insert(directory(), "f", .make(1))])
        let old = try #require(index.find(.make(1)))
        index.apply([.insert(directory(), "f", .make(1), .make(77))])
        #expect(index.path(of: old) == nil)
        let touched = try #require(index.find(.make(1)))
        #expect(touched.id == old.id)
        index.apply([.insert(directory(), "f", .make(2))])
        #expect(index.path(of: touched) == nil)
        #expect(index.find(.make(1)) == nil)
        #expect(index.count == 1)
    }

    @Test func filesAreFoundByTheBeginningOfTheirDigest() {
        let words = Digest.make(1).words
        let sibling = Digest(words: (words.0, words.1, words.2, words.3 ^ 1))
        let stranger = Digest(words: (words.0, words.1, words.2, words.3 ^ 1 << 16))
        let prefix = DigestPrefix(.make(1))
        index.apply([.insert(directory(), "stranger", stranger)])
        #expect(!index.contains(prefix) { _ in true })
        index.apply([
            .insert(directory(), "one", .make(1)), .insert(directory("e"), "two", .make(1)),
            .insert(directory("f", OriginID(8)), "three", sibling, flags: .disabled),
        ])
        #expect(index.contains(prefix) { $0.flags.contains(.disabled) && $0.origin == OriginID(8) })
        var seen: [Digest] = []
        #expect(
            !index.contains(prefix) { entry in
                seen.append(entry.digest)
                return false
            })
        #expect(seen.sorted() == [.make(1), .make(1), sibling].sorted())
        // No more of a digest than it is told to.
        seen = []
        _ = index.contains(prefix, limit: 1) { entry in
            seen.append(entry.digest)
            return false
        }
        #expect(seen.count == 2)
    }

    @Test func reusedRecordIsNotTakenForTheOldEntry() throws {
        index.apply([.insert(directory(), "f", .makeColliding(1))])
        let old = try #require(index.find(.makeColliding(1)))
        index.apply([.drop(old), .insert(directory(), "g", .makeColliding(2))])
        #expect(try #require(index.find(.makeColliding(2))).id == old.id)
        #expect(index.path(of: old) == nil)
        #expect(index.apply([.drop(old)]).isEmpty)
        #expect(index.count == 1)
    }

    @Test func enabledFileIsFoundBeforeDisabledOnes() throws {
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2], [2, 3, 0, 1]] {
            let index = DigestIndex()
            let directory = index.directory(origin: someOrigin, path: .empty)
            func insert(_ number: Int, _ flags: ItemFlags) {
                index.apply([.insert(directory, "\(number)", .make(1), .make(number), flags: flags)])
            }
            for number in order { insert(number, number == 1 ? [] : .disabled) }
            #expect(try #require(index.find(.make(1))).identity.inode == 1)
            insert(1, .nextReboot)
            insert(3, [])
            #expect(try #require(index.find(.make(1))).identity.inode == 3)
            index.apply([.remove(directory: directory, name: RawName("3"))])
            #expect(try #require(index.find(.make(1))).flags != [])
            #expect(index.digestCount == 1)
        }
    }

    @Test func aHundredThousandFilesWithOneDigestComeAndGo() {
        let count = 100_000
        let change = { (number: Int) -> Change in
            .insert(directory("\(number / 1000)"), "\(number)", .make(0), .make(number, size: 0))
        }
        #expect(index.apply((0..<count).map(change)).appeared == [.make(0)])
        #expect((index.count, index.digestCount) == (count, 1))
        var found = 0
        while let entry = index.find(.make(0)) {
            found += 1
            let batch = index.apply([.drop(entry)])
            #expect(batch.vanished == (found == count ? [.make(0)] : []))
        }
        #expect(found == count)
        #expect(index.count == 0)
    }

    @Test func digestsThatCollideInEveryBitOfTheHashAreKeptApart() {
        let count = 2000
        index.apply((0..<count).map { .insert(directory(), "\($0)", .makeColliding($0), .make($0)) })
        for number in 0..<count {
            #expect(index.find(.makeColliding(number))?.identity.inode == UInt64(number))
        }
        #expect(index.find(.makeColliding(count)) == nil)
        for number in stride(from: 0, to: count, by: 2) {
            index.apply([.remove(directory: directory(), name: RawName("\(number)"))])
        }
        for number in 0..<count {
            #expect((index.find(.makeColliding(number)) != nil) == (number % 2 == 1))
        }
    }

    @Test func digestsOfOneShardAreAllKept() {
        func digest(_ number: Int) -> Digest {
            let words = Digest.make(number).words
            return Digest(words: (words.0 >> 8, words.1, words.2, words.3))
        }
        let count = 50_000
        index.apply((0..<count).map { .insert(directory("\($0 / 100)"), "\($0)", digest($0), .make($0)) })
        #expect((index.count, index.digestCount) == (count, count))
        #expect((0..<count).allSatisfy { index.find(digest($0))?.identity.inode == UInt64($0) })
        #expect(index.removeAll(origin: someOrigin) == count)
        #expect(index.digestCount == 0)
    }

    @Test func namesOfAnyBytesAndLengthAreKept() throws {
        let names = [
            [UInt8](repeating: 0xFF, count: 255), [0x0A], [0xC3, 0x28], Array("%2e\"'\\".utf8),
            [UInt8](repeating: 0x78, count: 765),
        ]
        for (number, name) in names.enumerated() {
            let path = RawName(bytes: name).appending(RawName(bytes: name))
            let directory = index.directory(origin: someOrigin, path: path)
            let change = Change.insert(
                directory: directory, name: RawName(bytes: name), digest: .make(number), identity: .make(1),
                flags: [])
            #expect(index.apply([change]).refused == [])
            let entry = try #require(index.find(.make(number)))
            #expect(index.path(of: entry) == path.appending(RawName(bytes: name)))
        }
    }

    @Test func extremeIdentitiesComeBackExactly() throws {
        let numbers: [Int64] = [.min, -62_135_596_800, -1, 0, 253_402_300_799, .max]
        for (number, seconds) in numbers.enumerated() {
            for nanoseconds in [0, 999_999_999, UInt32.max] {
                let time = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
                let identity = FileIdentity(
                    device: .max - UInt64(number), inode: .max, size: .max, modified: time, changed: time)
                index.apply([.insert(directory(), "\(number)", .make(number), identity)])
                #expect(index.find(.make(number))?.identity == identity)
                let other = FileIdentity(
                    device: identity.device, inode: .max, size: .max, modified: time,
                    changed: Timestamp(seconds: seconds ^ 1 << 34, nanoseconds: nanoseconds))
                let visit = index.beginVisit(directory())
                let files = [(RawName("\(number)"), identity), (RawName("\(number)"), other)]
                #expect(index.see(visit, files: files) == [true, false])
                index.endVisit(visit, sweeping: false)
            }
        }
        index.removeAll(origin: someOrigin)
        #expect((index.count, index.totalBytes) == (0, 0))
    }

    @Test func unknownIDsAreHarmless() {
        let unknown = Entry(
            id: EntryID(.max), digest: .make(1), identity: .make(1), origin: someOrigin,
            directory: DirectoryID(.max), flags: [])
        #expect(index.path(of: unknown) == nil)
        #expect(index.entry(directory: DirectoryID(.max), name: RawName("f")) == nil)
        #expect(index.apply([.drop(unknown)]).sequence == 0)
        #expect(index.apply([.remove(directory: DirectoryID(12345), name: RawName("f"))]).refused == [])
        #expect(index.apply([.insert(DirectoryID(12345), "f", .make(1))]).refused == [0])
        #expect(index.removeAll(origin: OriginID(1), below: RawName("x")) == 0)
    }

    @Test func eachDigestIsToldOnceWithTheLatestOfItsFiles() {
        for number in 0..<500 {
            index.apply([
                .insert(directory("d\(number % 7)"), "\(number)", .make(number % 300), .make(number))
            ])
        }
        // All in one place of one table.
        for number in 0..<100 {
            index.apply([.insert(directory(), "colliding \(number)", .makeColliding(number), .make(number))])
        }
        index.apply([.insert(directory(), "disabled", .make(1), .make(9999), flags: .disabled)])
        var told: [Digest: Timestamp] = [:]
        index.forEachDigest(where: { !$0.flags.contains(.disabled) }) { digest, changed in
            #expect(told.updateValue(changed, forKey: digest) == nil)
        }
        #expect(told.count == index.digestCount)
        for number in 0..<300 {
            let latest = number + 300 < 500 ? number + 300 : number
            #expect(told[.make(number)] == FileIdentity.make(latest).changed)
        }
        for number in 0..<100 {
            #expect(told[.makeColliding(number)] == FileIdentity.make(number).changed)
        }
    }
}
