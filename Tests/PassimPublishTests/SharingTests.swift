import Glibc
import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimPublish

@Suite struct SharingTests {
    /// Downloads as the server makes them: begun, and then sent to the end or cut off.
    private func download(_ fixture: Fixture, _ digest: Digest, seed: UInt64) -> (sent: Int, refused: Int) {
        var numbers = SeededGenerator(seed: seed)
        var (sent, refused) = (0, 0)
        for _ in 0..<200 {
            guard let entry = fixture.index.find(digest) else {
                refused += 1
                continue
            }
            guard fixture.store.begin(entry) else {
                refused += 1
                sched_yield()
                continue
            }
            if numbers.chance(50) { sched_yield() }
            if numbers.chance(30) {
                fixture.store.giveBack(entry)
            } else {
                sent += 1
                fixture.store.complete(entry)
            }
        }
        return (sent, refused)
    }

    @Test func sixtyFourClientsGetExactlyTheLimit() async throws {
        let fixture = try Fixture()
        try fixture.store.start()
        let item = try fixture.publish("a", lifetime: Lifetime(maxAge: 6000, shareLimit: 17))
        let seed = SeededGenerator().seed
        let sent = Lock(0)
        let threads = try (0..<64).map { number in
            try SystemThread(name: "client") {
                let mine = download(fixture, item.digest, seed: seed &+ UInt64(number)).sent
                sent.withLock { $0 += mine }
            }
        }
        for thread in threads { thread.join() }
        #expect(sent.withLock { $0 } == 17, "seed \(seed)")
        #expect(await becomesTrue { fixture.names.isEmpty && fixture.index.count == 0 })
        fixture.store.stop()
        #expect(fixture.events == [.published(item), .deleted(item.digest, filename: item.filename)])
        #expect(fixture.store.items.isEmpty)
    }

    @Test func whileAllRemainingSharesAreBeingSentNobodyElseGetsOne() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 6000, shareLimit: 2))
        let entry = try fixture.entry("a")
        #expect(fixture.store.begin(entry) && fixture.store.begin(entry) && !fixture.store.begin(entry))
        fixture.store.giveBack(entry)
        #expect(fixture.store.begin(entry) && !fixture.store.begin(entry))
        fixture.store.complete(entry)
        #expect(fixture.store.item(entry)?.shareCount == 1 && !fixture.store.begin(entry))
        fixture.store.giveBack(entry)
        fixture.turn()
        #expect(fixture.names.count == 1 && fixture.store.begin(entry))
    }

    @Test func filesOfDirectoriesAreNotCounted() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 6000, shareLimit: 1))
        var entry = try fixture.entry("a")
        entry.origin = OriginID(1)
        for _ in 0..<3 { #expect(fixture.store.begin(entry)) }
        #expect(fixture.store.item(entry) == nil && fixture.store.items[0].shareCount == 0)
    }

    @Test func downloadThatEndsAfterTheItemWasWithdrawnHarmsNothing() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 6000, shareLimit: 2))
        let entry = try fixture.entry("a")
        // As the server holds it: its inode number is not given to another file.
        let held = try Descriptor.open(fixture.tree.absolute("var/data/\(fixture.names[0])"), .readOnly)
        #expect(fixture.store.begin(entry))
        try fixture.store.unpublish(entry.digest.hex)
        fixture.store.complete(entry)
        #expect(!fixture.store.begin(entry))
        try fixture.publish("a", lifetime: Lifetime(maxAge: 6000, shareLimit: 2))
        fixture.store.complete(entry)
        fixture.store.giveBack(entry)
        #expect(fixture.store.items[0].shareCount == 0)
        #expect(try held.status().links == 0)
    }

    // MARK: - Counts that last

    @Test func countsSurviveARestart() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 6000, shareLimit: 3))
        try fixture.publish("b", lifetime: Lifetime(maxAge: 6000, shareLimit: 3), shareCount: 1)
        let entry = try fixture.entry("a")
        for _ in 0..<2 {
            #expect(fixture.store.begin(entry))
            fixture.store.complete(entry)
        }
        fixture.store.stop()
        let after = try fixture.restarted()
        #expect(after.store.item(digest("a"))?.shareCount == 2)
        #expect(after.store.item(digest("b"))?.shareCount == 1)
        let again = try after.entry("a")
        #expect(after.store.begin(again) && !after.store.begin(again))
        after.store.complete(again)
        after.turn()
        #expect(after.names.count == 1)
    }

    @Test func countsAreSavedWithinASecondWithoutAStop() async throws {
        let fixture = try Fixture()
        try fixture.store.start()
        try fixture.publish("a")
        let entry = try fixture.entry("a")
        #expect(fixture.store.begin(entry))
        fixture.store.complete(entry)
        let worker = StoreWorker(store: try Fixture().store)
        #expect(worker.turn() == nil)
        let text = "\(digest("a").hex) 1\n"
        #expect(await becomesTrue { (try? fixture.tree.read("var/share-counts")) == Array(text.utf8) })
        fixture.store.stop()
    }

    @Test func manyDownloadsAreOneSave() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: .endless)
        let entry = try fixture.entry("a")
        let worker = StoreWorker(store: fixture.store)
        let plan = FaultPlan([:])
        FaultPlan.$current.withValue(plan) {
            for _ in 0..<1000 {
                _ = fixture.store.begin(entry)
                fixture.store.complete(entry)
                _ = worker.turn()
            }
            fixture.clock.advance(seconds: 1)
            #expect(worker.turn() == PublishLimits.longestWait || worker.turn() == nil)
        }
        // Two: a slow machine takes longer than the delay.
        #expect(plan.calls.count { $0 == .renameat } >= 1)
        #expect(try fixture.tree.read("var/share-counts") == Array("\(digest("a").hex) 1000\n".utf8))
    }

    @Test func countsOfItemsThatAreGoneAreForgotten() throws {
        let fixture = try Fixture()
        try fixture.publish("a", shareCount: 2)
        try fixture.publish("b", shareCount: 2)
        try fixture.store.unpublish(digest("a").hex)
        fixture.store.stop()
        #expect(try fixture.tree.read("var/share-counts") == Array("\(digest("b").hex) 2\n".utf8))
        try fixture.tree.remove("var/data/\(fixture.names[0])")
        let after = try fixture.restarted()
        after.store.stop()
        #expect(try fixture.tree.read("var/share-counts").isEmpty)
    }

    @Test func countsThatCannotBeSavedAreOneErrorAndTriedAgain() throws {
        let fixture = try Fixture()
        try fixture.publish("a", shareCount: 2)
        let worker = StoreWorker(store: fixture.store)
        FaultPlan.$current.withValue(FaultPlan([.fsync: [.noSpace, .noSpace, .noSpace]])) {
            for _ in 0..<10 {
                _ = worker.turn()
                fixture.clock.advance(seconds: 11)
            }
        }
        #expect(fixture.log.warnings.count == 1, "\(fixture.log.warnings)")
        #expect(try fixture.tree.read("var/share-counts") == Array("\(digest("a").hex) 2\n".utf8))
        #expect(try fixture.tree.list("var") == [RawName("data"), RawName("share-counts")])
    }

    @Test func malformedCountsAreAWarningAndTheOthersHold() throws {
        let fixture = try Fixture()
        for text in ["a", "b", "c"] { try fixture.publish(text) }
        try fixture.tree.write(
            "var/share-counts", "\(digest("a").hex) 2\nnonsense\n\(digest("b").hex) 3\n\(digest("c").hex) 4")
        let after = try fixture.restarted()
        #expect(after.store.item(digest("a"))?.shareCount == 2)
        #expect(after.store.item(digest("b"))?.shareCount == 3)
        #expect(after.store.item(digest("c"))?.shareCount == 0)
        #expect(after.log.warnings.count == 1 && after.log.warnings[0].contains("share-counts:2: 2 "))
    }
}
