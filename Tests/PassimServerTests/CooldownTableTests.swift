import PassimCore
import Testing

@testable import PassimServer

private let second: UInt64 = 1_000_000_000

private func digest(_ number: UInt64) -> Digest { Digest(words: (number, ~number, 3, 4)) }

@Suite struct CooldownTableTests {
    private let one = IPAddress(ipv4: 0xC000_0201)
    private let other = IPAddress(ipv4: 0xC000_0202)

    @Test func theSameAddressWaitsUntilTheCooldownEnds() {
        let table = CooldownTable()
        #expect(table.begin(digest(1), for: one, seconds: 10, now: 5 * second))
        #expect(table.holds(digest(1), for: one, now: 14 * second))
        #expect(!table.begin(digest(1), for: one, seconds: 10, now: 14 * second))
        #expect(!table.holds(digest(1), for: one, now: 15 * second))
        #expect(table.begin(digest(1), for: one, seconds: 10, now: 15 * second))
    }

    @Test func anotherAddressAndAnotherDigestDoNotWait() {
        let table = CooldownTable()
        _ = table.begin(digest(1), for: one, seconds: 10, now: 0)
        #expect(!table.holds(digest(1), for: other, now: second))
        #expect(!table.holds(digest(2), for: one, now: second))
    }

    @Test func aDownloadThatWasCutOffDoesNotCount() {
        let table = CooldownTable()
        _ = table.begin(digest(1), for: one, seconds: 10, now: 0)
        table.giveBack(digest(1), for: one)
        #expect(!table.holds(digest(1), for: one, now: second))
    }

    @Test func aFullTableForgetsTheOldestAndStaysBounded() {
        let table = CooldownTable(capacity: 100)
        for number in 0..<1000 as Range<UInt64> {
            _ = table.begin(digest(number), for: one, seconds: 3600, now: number * second)
        }
        #expect(table.holds(digest(999), for: one, now: 1000 * second))
        #expect(!table.holds(digest(0), for: one, now: 1000 * second))
        let held = (0..<1000 as Range<UInt64>).count { table.holds(digest($0), for: one, now: 1000 * second) }
        #expect(held <= 100)
        #expect(held >= 50)
    }
}
