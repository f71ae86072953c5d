import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimPublish

/// What the server does when a file is not as the index says: it drops the entry, and asks for a look.
@Suite struct RecheckTests {
    private func foundStale(_ fixture: Fixture, _ text: String) throws -> String {
        let entry = try fixture.entry(text)
        let path = try #require(fixture.index.path(of: entry))
        fixture.index.apply([.drop(entry)])
        fixture.store.recheck(path)
        return "var/data/\(path)"
    }

    @Test func fileThatWasOnlyTouchedIsSharedAgainWithItsDownloads() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 6000, shareLimit: 1))
        let entry = try fixture.entry("a")
        #expect(fixture.store.begin(entry))
        try fixture.tree.changeMode("var/data/\(fixture.names[0])", 0o640)
        _ = try foundStale(fixture, "a")
        fixture.turn()
        #expect(try fixture.isConsistent() && fixture.index.count == 1)
        #expect(!fixture.store.begin(try fixture.entry("a")))
        fixture.store.giveBack(entry)
        #expect(fixture.store.begin(try fixture.entry("a")))
        #expect(fixture.events.count == 1)
    }

    @Test func fileThatIsGoneIsForgotten() throws {
        let fixture = try Fixture()
        let item = try fixture.publish("a")
        let path = try foundStale(fixture, "a")
        try fixture.tree.remove(path)
        fixture.turn()
        #expect(fixture.store.items.isEmpty && fixture.index.count == 0)
        #expect(fixture.events.last == .deleted(item.digest, filename: item.filename))
        try fixture.publish("a")
    }

    @Test func fileWithAnotherContentIsSharedAsThat() throws {
        let fixture = try Fixture()
        let item = try fixture.publish("a", lifetime: Lifetime(maxAge: 777, shareLimit: 3), shareCount: 1)
        try fixture.tree.write("var/data/\(fixture.names[0])", "b")
        _ = try foundStale(fixture, "a")
        fixture.turn()
        #expect(fixture.index.find(digest("a")) == nil)
        let other = try #require(fixture.store.item(digest("b")))
        #expect(other.filename == item.filename && other.lifetime == item.lifetime && other.shareCount == 0)
        #expect(try fixture.isConsistent())
    }

    @Test func fileThatCannotBeReadNowIsReadLater() throws {
        let fixture = try Fixture()
        try fixture.publish("a")
        _ = try foundStale(fixture, "a")
        let worker = StoreWorker(store: fixture.store)
        FaultPlan.$current.withValue(FaultPlan([.openat: [.tooManyFiles]])) {
            #expect(worker.turn() == PublishLimits.retryDelay)
            #expect(fixture.index.count == 0 && fixture.store.items.count == 1)
            fixture.clock.advance(seconds: 10)
            _ = worker.turn()
        }
        #expect(try fixture.isConsistent() && fixture.index.count == 1)
    }

    @Test func thatItCannotBeReadIsSaidOnceUntilItCan() throws {
        let fixture = try Fixture()
        try fixture.publish("a")
        let worker = StoreWorker(store: fixture.store)
        for round in 1...2 {
            _ = try foundStale(fixture, "a")
            let plan = FaultPlan([.openat: Array(repeating: .inputOutput, count: 20)])
            FaultPlan.$current.withValue(plan) {
                for _ in 0..<20 {
                    _ = worker.turn()
                    fixture.clock.advance(seconds: 10)
                }
            }
            #expect(fixture.log.warnings.count == round, "\(fixture.log.warnings)")
            _ = worker.turn()
            #expect(try fixture.isConsistent() && fixture.index.count == 1)
        }
    }

    @Test func askingForWhatIsNotThereDoesNothing() throws {
        let fixture = try Fixture()
        try fixture.publish("a")
        fixture.store.recheck(RawName("nothing"))
        fixture.store.recheck(fixture.names[0])
        fixture.turn()
        #expect(try fixture.isConsistent() && fixture.index.count == 1)
        #expect(fixture.log.warnings.isEmpty)
    }
}
