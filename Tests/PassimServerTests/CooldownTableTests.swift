import PassimCore
import Testing

@testable import PassimServer

private let second: UInt64 = 1_000_000_000

private func digest(_ number: UInt64) -> Digest { Digest(words: (number, ~number, 3, 4)) }

@Suite struct CooldownTableTests {
    private let one = IPAddress(ipv4: 0xC000_0201)
    private let other = IPAddress(ipv4: 0xC000_0202)

    /// One whole response of a file of 100 bytes, or a part of it.
    private func send(
        _ table: CooldownTable, _ digest: Digest, to address: IPAddress, bytes: UInt64 = 100,
        size: UInt64 = 100,
        seconds: Int = 10, at now: UInt64
    ) {
        table.begin(digest, for: address)
        table.end(
            digest, for: address, weight: Delivery.weight(of: bytes), size: size, seconds: seconds, now: now)
    }

    @Test func theSameAddressWaitsUntilTheCooldownEnds() {
        let table = CooldownTable()
        send(table, digest(1), to: one, at: 5 * second)
        #expect(table.holds(digest(1), for: one, now: 14 * second))
        #expect(!table.holds(digest(1), for: one, now: 15 * second))
        send(table, digest(1), to: one, at: 15 * second)
        #expect(table.holds(digest(1), for: one, now: 24 * second))
        #expect(!table.holds(digest(1), for: one, now: 25 * second))
    }

    @Test func anotherAddressAndAnotherDigestDoNotWait() {
        let table = CooldownTable()
        send(table, digest(1), to: one, at: 0)
        #expect(!table.holds(digest(1), for: other, now: second))
        #expect(!table.holds(digest(2), for: one, now: second))
    }

    @Test func partsAreAddedUpUntilTheyAreAFile() {
        let table = CooldownTable()
        for _ in 0..<99 { send(table, digest(1), to: one, bytes: 1, at: second) }
        #expect(!table.holds(digest(1), for: one, now: second))
        send(table, digest(1), to: one, bytes: 1, at: second)
        #expect(table.holds(digest(1), for: one, now: second))
    }

    @Test func partsOfLongAgoAreForgotten() {
        let table = CooldownTable()
        send(table, digest(1), to: one, bytes: 99, at: second)
        send(table, digest(1), to: one, bytes: 99, at: 11 * second)
        #expect(!table.holds(digest(1), for: one, now: 11 * second))
        send(table, digest(1), to: one, bytes: 1, at: 20 * second)
        #expect(table.holds(digest(1), for: one, now: 20 * second))
    }

    @Test func emptyFileIsHadByOneResponse() {
        let table = CooldownTable()
        table.begin(digest(1), for: one)
        table.end(digest(1), for: one, weight: 0, size: 0, seconds: 10, now: second)
        #expect(!table.holds(digest(1), for: one, now: second))
        send(table, digest(1), to: one, bytes: 0, size: 0, at: second)
        #expect(table.holds(digest(1), for: one, now: second))
    }

    @Test func downloadInPartsGoesOnWhileItLivesAndNotWithoutEnd() {
        let table = CooldownTable()
        table.begin(digest(1), for: one)
        send(table, digest(1), to: one, seconds: 3600, at: second)
        #expect(table.holds(digest(1), for: one, now: 2 * second))
        // One is under way, however long ago the other ended.
        #expect(table.letsGoOn(digest(1), for: one, size: 100, now: 1000 * second))
        table.end(digest(1), for: one, weight: 10, size: 100, seconds: 3600, now: 1000 * second)
        #expect(table.letsGoOn(digest(1), for: one, size: 100, now: 1009 * second))
        #expect(!table.letsGoOn(digest(1), for: one, size: 100, now: 1010 * second))
        for _ in 0..<15 { send(table, digest(1), to: one, seconds: 3600, at: 1005 * second) }
        #expect(!table.letsGoOn(digest(1), for: one, size: 100, now: 1005 * second))
        #expect(table.letsGoOn(digest(2), for: one, size: 100, now: 1005 * second))
    }

    @Test func aFullTableForgetsTheOldestAndStaysBounded() {
        let table = CooldownTable(capacity: 100)
        for number in 0..<1000 as Range<UInt64> {
            send(table, digest(number), to: one, seconds: 3600, at: number * second)
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
            send(table, digest(number), to: one, seconds: 3600, at: second)
        }
        let held = (0..<101 as Range<UInt64>).count { table.holds(digest($0), for: one, now: 2 * second) }
        #expect(held >= 50 && held <= 100)
    }
}
