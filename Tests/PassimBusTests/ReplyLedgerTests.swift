import PassimCore
import PassimTestKit
import Testing

@testable import PassimBus

@Suite struct ReplyLedgerTests {
    private let ledger = ReplyLedger(.init(eachUser: 60, allUsers: 100, root: 50))

    /// What the bus holds for each caller; those that are not here it does not tell of.
    private final class Bus: Sendable {
        let held = Lock<[String: Int]>([:])

        func ask(_ sender: String, _ done: @escaping @Sendable (Int?) -> Void) {
            done(held.withLock { $0[sender] })
        }
    }

    private let bus = Bus()

    private func reserve(_ count: Int, for user: UInt32, of sender: String = ":1.1") -> Reservation? {
        let found = Lock<[Reservation?]>([])
        ledger.reserve(count, for: user, of: sender, asking: bus.ask) { reservation in
            found.withLock { $0.append(reservation) }
        }
        let all = found.withLock { $0 }
        #expect(all.count == 1)
        return all.first ?? nil
    }

    @Test func eachUserAndAllOfThemAreBoundedAndRootIsNot() throws {
        var held = [try #require(reserve(40, for: 1))]
        #expect(reserve(40, for: 1) == nil)
        held.append(try #require(reserve(40, for: 2)))
        #expect(reserve(40, for: 3) == nil)
        held.append(try #require(reserve(50, for: 0)))
        #expect(ledger.total == 130)
        held = []
        #expect(ledger.total == 0)
    }

    @Test func whatIsSentCountsUntilItIsRead() throws {
        for _ in 0..<2 {
            // Only 20 of it are used.
            let reservation = try #require(reserve(30, for: 1))
            #expect(reservation.settle(20))
        }
        #expect(ledger.total == 40)
        bus.held.withLock { $0[":1.1"] = 40 }
        #expect(reserve(30, for: 1, of: ":1.2") == nil)
        // The callers read a part, and all.
        bus.held.withLock { $0[":1.1"] = 30 }
        #expect(reserve(30, for: 1, of: ":1.2") != nil)
        bus.held.withLock { $0[":1.1"] = 0 }
        #expect(reserve(60, for: 1, of: ":1.2") != nil)
    }

    @Test func busThatDoesNotTellLeavesItsShareToTheOthers() throws {
        #expect(try #require(reserve(60, for: 1)).settle(60))
        #expect(reserve(1, for: 1) == nil)
        #expect(reserve(40, for: 2) != nil)
        ledger.forgetUnread()
        #expect(reserve(60, for: 1) != nil)
    }

    @Test func replyThatIsLongerThanExpectedNeedsRoom() throws {
        let one = try #require(reserve(30, for: 1))
        let other = try #require(reserve(30, for: 1))
        #expect(!one.settle(31))
        #expect(other.settle(30))
        #expect(ledger.total == 60)
        withExtendedLifetime(one) {}
    }
}
