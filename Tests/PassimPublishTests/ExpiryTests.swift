import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimPublish

@Suite struct ExpiryTests {
    @Test func itemIsDeletedWhenItIsDueAndNotBefore() throws {
        let fixture = try Fixture()
        let item = try fixture.publish("a", lifetime: Lifetime(maxAge: 1000, shareLimit: 0))
        let entry = try fixture.entry("a")
        fixture.clock.advance(seconds: 990)
        // Some ten seconds are left; a slow machine may have used some.
        let wait = try #require(fixture.turn())
        #expect(wait <= 10_000_000_000 && fixture.names.count == 1)
        fixture.clock.advance(seconds: 10)
        // Before the thread has looked.
        #expect(!fixture.store.begin(entry))
        fixture.turn()
        #expect(fixture.names.isEmpty && fixture.index.count == 0 && fixture.store.items.isEmpty)
        #expect(fixture.events.last == .deleted(item.digest, filename: item.filename))
        #expect(fixture.turn() == nil)
    }

    @Test func threadDeletesWhatIsDueByItself() async throws {
        let fixture = try Fixture()
        try fixture.store.start()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 1, shareLimit: 0))
        try fixture.publish("b", lifetime: Lifetime(maxAge: 1000, shareLimit: 0))
        #expect(await becomesTrue { fixture.names.count == 1 && fixture.index.count == 1 })
        #expect(fixture.index.find(digest("b")) != nil)
        fixture.store.stop()
    }

    @Test func ageOfNothingIsOverAtOnce() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 0, shareLimit: 0))
        fixture.turn()
        #expect(fixture.names.isEmpty && fixture.events.count == 2)
    }

    @Test func endlessItemsNeedNoLook() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: .endless)
        #expect(fixture.turn() == nil)
    }

    @Test func farAwayOnesAreLookedAtNowAndThenAsTheClockMayBeSet() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: .max - 1, shareLimit: 0))
        #expect(fixture.turn() == PublishLimits.longestWait)
    }

    @Test func contentWhoseTimeIsOverCanBePublishedAgainAtOnce() throws {
        let fixture = try Fixture()
        let first = try fixture.publish("a", as: "one", lifetime: Lifetime(maxAge: 60, shareLimit: 0))
        fixture.clock.advance(seconds: 60)
        // Nobody has looked since.
        let second = try fixture.publish("a", as: "two")
        #expect(fixture.events.count == 3)
        #expect(
            fixture.store.items == [second] && fixture.names.count == 1 && first.filename != second.filename)
    }

    @Test func manyItemsThatAreDueTogetherAllGo() throws {
        let fixture = try Fixture()
        for number in 0..<40 {
            try fixture.publish("\(number)", lifetime: Lifetime(maxAge: 60, shareLimit: 0))
        }
        fixture.clock.advance(seconds: 61)
        fixture.turn()
        #expect(fixture.names.isEmpty && fixture.events.count == 80)
    }

    // MARK: - Clocks that are set

    @Test(arguments: [172_800, -172_800] as [Int64])
    func timeOfDayThatIsSetDeletesNothingAndKeepsNothing(_ step: Int64) throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 86400, shareLimit: 0))
        fixture.clock.setTimeOfDay(by: step)
        fixture.turn()
        #expect(try fixture.names.count == 1 && fixture.store.begin(fixture.entry("a")))
        fixture.clock.setTimeOfDay(by: -step)
        fixture.clock.advance(seconds: 86390)
        fixture.turn()
        #expect(fixture.names.count == 1)
        fixture.clock.setTimeOfDay(by: step)
        fixture.clock.advance(seconds: 10)
        fixture.turn()
        #expect(fixture.names.isEmpty)
    }

    @Test func fileThatIsYoungerThanNowHasAllOfItsTimeAndNoMore() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 1000, shareLimit: 0))
        fixture.clock.setTimeOfDay(by: -1_000_000)
        let after = try fixture.restarted()
        after.clock.advance(seconds: 990)
        after.turn()
        #expect(after.names.count == 1)
        after.clock.advance(seconds: 10)
        after.turn()
        #expect(after.names.isEmpty)
    }

    /// It was looked at twice: it was not over yet, and then not there any more.
    @Test(arguments: [25, 28, 31, 34] as [Int64])
    func itemThatAgesWhileItIsLookedAtIsPublishedAgainOrThere(_ seconds: Int64) throws {
        for age in stride(from: 30, through: 240, by: 10) as StrideThrough<UInt32> {
            let fixture = try Fixture()
            try fixture.publish("a", as: "one", lifetime: Lifetime(maxAge: age, shareLimit: 0))
            fixture.clock.creep(seconds: seconds)
            do {
                try fixture.publish("a", as: "two", lifetime: Lifetime(maxAge: 86400, shareLimit: 0))
            } catch {
                #expect(error as? PublishError == .exists(digest("a")))
            }
            #expect(fixture.names.count == 1 && fixture.store.items.count == 1)
        }
    }
}
