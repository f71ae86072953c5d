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

    /// The clock of a reactor's turn is the same for all of its requests.
    @Test func aFullTableForgetsOnlyHalfOfThoseThatEndTogether() {
        let table = CooldownTable(capacity: 100)
        for number in 0..<101 as Range<UInt64> {
            _ = table.begin(digest(number), for: one, seconds: 3600, now: second)
        }
        let held = (0..<101 as Range<UInt64>).count { table.holds(digest($0), for: one, now: 2 * second) }
        #expect(held == 51)
    }
}

@Suite struct ConnectionCountsTests {
    @Test func anAddressHasAsManyAsTheLimitSaysUntilOneLeaves() {
        let counts = ConnectionCounts()
        let address = IPAddress(ipv4: 0xC000_0201)
        #expect(counts.admit(address, limit: 2))
        #expect(counts.admit(address, limit: 2))
        #expect(!counts.admit(address, limit: 2))
        #expect(counts.admit(IPAddress(ipv4: 0xC000_0202), limit: 2))
        counts.leave(address)
        #expect(counts.admit(address, limit: 2))
    }

    @Test func loopbackIsNotLimited() {
        let counts = ConnectionCounts()
        for _ in 0..<1000 { #expect(counts.admit(IPAddress(ipv4: 0x7F00_0001), limit: 1)) }
        #expect(counts.admit(IPAddress(high: 0, low: 1), limit: 0))
    }
}
