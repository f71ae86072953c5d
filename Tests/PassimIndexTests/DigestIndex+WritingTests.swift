import PassimCore
import PassimIndex
import Testing

struct DigestIndexWritingTests {
    private let index = DigestIndex()
    private var directory: DirectoryID { index.directory(origin: someOrigin, path: RawName("d")) }

    @Test func digestAppearsWithItsFirstFileAndVanishesWithItsLast() {
        #expect(index.apply([.insert(directory, "1", .make(1))]).appeared == [.make(1)])
        for change in [
            Change.insert(directory, "2", .make(1)), .remove(directory: directory, name: RawName("1")),
        ] {
            let batch = index.apply([change])
            #expect(batch.appeared.isEmpty && batch.vanished.isEmpty)
            #expect(batch.altered == [.make(1)])
        }
        let last = index.apply([.remove(directory: directory, name: RawName("2"))])
        #expect(last.vanished == [.make(1)])
        #expect(last.sequence == 4)
    }

    @Test func whatComesAndGoesWithinABatchIsNotTold() {
        index.apply([.insert(directory, "old", .make(1))])
        let batch = index.apply([
            // Comes and goes.
            .insert(directory, "x", .make(2)), .remove(directory: directory, name: RawName("x")),
            // Moves to another name.
            .remove(directory: directory, name: RawName("old")), .insert(directory, "new", .make(1)),
            // Comes, goes, comes.
            .insert(directory, "y", .make(3)), .remove(directory: directory, name: RawName("y")),
            .insert(directory, "y", .make(3)),
        ])
        #expect(batch.appeared == [.make(3)])
        #expect(batch.vanished == [])
        #expect(Set(batch.altered) == [.make(1), .make(2)])
        #expect(index.digestCount == 2)
    }

    @Test func batchThatChangesNothingHasNoNumberOfItsOwn() {
        let told = Lock<[UInt64]>([])
        let subscription = index.subscribe { batch in told.withLock { $0.append(batch.sequence) } }
        index.apply([.insert(directory, "1", .make(1))])
        #expect(index.apply([.remove(directory: directory, name: RawName("2"))]).sequence == 1)
        #expect(index.apply([]).sequence == 1)
        #expect(index.removeAll(origin: OriginID(99)) == 0)
        index.apply([.insert(directory, "1", .make(1), .make(9))])
        #expect(told.withLock { $0 } == [1, 2])
        subscription.cancel()
    }

    @Test func cancelledAndForgottenSubscriptionsAreToldNothing() {
        let told = Lock(0)
        let subscription = index.subscribe { _ in told.withLock { $0 += 1 } }
        do { _ = index.subscribe { _ in told.withLock { $0 += 100 } } }
        index.apply([.insert(directory, "1", .make(1))])
        subscription.cancel()
        subscription.cancel()
        index.apply([.insert(directory, "2", .make(2))])
        #expect(told.withLock { $0 } == 1)
    }

    @Test func subscriberMayReadTheIndex() {
        let found = Lock<Entry?>(nil)
        let index = index
        let subscription = index.subscribe { batch in
            let entry = index.find(batch.appeared[0])
            _ = index.page(offset: 0, limit: 10, filter: nil)
            found.withLock { $0 = entry }
        }
        index.apply([.insert(directory, "1", .make(1))])
        #expect(found.withLock { $0 }?.digest == .make(1))
        subscription.cancel()
    }

    @Test func fullShardRefusesAndForgetsWhatWasReplaced() {
        var limits = IndexLimits()
        limits.filesPerShard = 64
        let index = DigestIndex(limits: limits)
        let directory = index.directory(origin: someOrigin, path: .empty)
        let batch = index.apply((0..<66).map { .insert(directory, "\($0)", .makeColliding($0)) })
        #expect(batch.refused == [64, 65])
        #expect(batch.appeared.count == 64)
        let other = Digest.make(3)
        #expect(other.firstByte != 0x77)
        index.apply([.insert(directory, "other", other)])
        // The file has other bytes now, and there is no room to say which.
        #expect(index.apply([.insert(directory, "other", .makeColliding(100))]).refused == [0])
        #expect(index.find(other) == nil)
        #expect(index.entry(directory: directory, name: RawName("other")) == nil)
        index.apply([.remove(directory: directory, name: RawName("0"))])
        #expect(index.apply([.insert(directory, "other", .makeColliding(100))]).refused == [])
        #expect(index.count == 64)
    }

    @Test func impossibleNamesAreRefused() {
        let long = String(repeating: "x", count: 5000)
        #expect(
            index.apply([.insert(directory, long, .make(1)), .insert(directory, "", .make(2))]).refused == [
                0, 1,
            ])
        let nowhere = index.directory(origin: someOrigin, path: RawName("a/" + long))
        #expect(index.apply([.insert(nowhere, "f", .make(1))]).refused == [0])
        #expect(index.count == 0)
    }

    @Test func removalBelowADirectoryLeavesItsNeighbours() {
        for path in ["a", "a/b", "a/b/c", "ab", ""] {
            let directory = index.directory(origin: someOrigin, path: RawName(path))
            index.apply([.insert(directory, "f", .make(path.utf8.count))])
        }
        #expect(index.removeAll(origin: OriginID(1), below: RawName("a")) == 0)
        #expect(index.removeAll(origin: someOrigin, below: RawName("a")) == 3)
        #expect(index.find(.make(2))?.origin == someOrigin)
        #expect(index.removeAll(origin: someOrigin) == 2)
        #expect(index.totals(origin: someOrigin) == (0, 0))
    }

    @Test func directoriesThatComeAndGoForEverTakeNoMoreMemory() {
        var limits = IndexLimits()
        limits.directories = 1024
        limits.retiredDirectories = 100
        let index = DigestIndex(limits: limits)
        for round in 0..<5000 {
            let path = RawName("work/\(round)")
            let directory = index.directory(origin: someOrigin, path: path)
            #expect(index.apply([.insert(directory, "f", .make(1))]).refused == [])
            #expect(index.removeAll(origin: someOrigin, below: path) == 1)
        }
    }

    @Test func idHeldThroughARemovalStaysGoodForAWhileAndIsThenRefused() {
        var limits = IndexLimits()
        limits.retiredDirectories = 10
        let index = DigestIndex(limits: limits)
        func churn(_ count: Int) {
            for round in 0..<count {
                let path = RawName("other/\(round)")
                _ = index.directory(origin: someOrigin, path: path)
                index.removeAll(origin: someOrigin, below: path)
            }
        }
        let held = index.directory(origin: someOrigin, path: RawName("held"))
        index.removeAll(origin: someOrigin, below: RawName("held"))
        churn(5)
        #expect(index.apply([.insert(held, "f", .make(1))]).refused == [])
        churn(20)
        #expect(index.path(of: index.find(.make(1))!) == RawName("held/f"))
        index.removeAll(origin: someOrigin, below: RawName("held"))
        churn(20)
        #expect(index.apply([.insert(held, "f", .make(1))]).refused == [0])
        #expect(index.directory(origin: someOrigin, path: RawName("held")) != held)
    }
}
