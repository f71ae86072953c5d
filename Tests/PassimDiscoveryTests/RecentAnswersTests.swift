import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

struct RecentAnswersTests {
    private let second: UInt64 = 1_000_000_000

    private func prefix(_ number: Int) -> DigestPrefix { DigestPrefix(Digest(of: "\(number)")) }

    @Test func answersAreRememberedForTheirLife() {
        var recent = RecentAnswers()
        recent.note(prefix(1), at: second)
        recent.note(prefix(2), at: 5 * second)
        recent.note(prefix(1), at: 6 * second)
        #expect(recent.last(prefix(1), at: 7 * second) == 6 * second)
        #expect(recent.last(prefix(2), at: 15 * second - 1) == 5 * second)
        #expect(recent.last(prefix(2), at: 15 * second) == nil)
        #expect(recent.prefixes(at: 15 * second) == [prefix(1)])
        recent.note(prefix(3), at: 30 * second)
        #expect(recent.count == 1)
    }

    @Test func noMoreAreRememberedThanThereIsRoomFor() {
        var recent = RecentAnswers(capacity: 100)
        for number in 0..<1000 { recent.note(prefix(number % 500), at: UInt64(number)) }
        #expect(recent.count == 100)
        #expect(recent.last(prefix(499), at: 2000) == 999)
        #expect(recent.last(prefix(399), at: 2000) == nil)
    }

    @Test(arguments: 1...3)
    func remembersAsAPlainListDoes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var recent = RecentAnswers(capacity: 1000)
        var all: [(prefix: DigestPrefix, time: UInt64)] = []
        var now: UInt64 = 0
        for _ in 0..<600 {
            now += UInt64.random(in: 0...second / 10, using: &random)
            let prefix = prefix(Int.random(in: 0...40, using: &random))
            if random.chance(10) {
                recent.remove(prefix)
                all.removeAll { $0.prefix == prefix }
            } else {
                recent.note(prefix, at: now)
                all.append((prefix, now))
            }
            let expected = all.last { $0.prefix == prefix }?.time
            #expect(recent.last(prefix, at: now) == expected)
            let living = Set(all.filter { $0.time + 10 * second > now }.map(\.prefix))
            #expect(Set(recent.prefixes(at: now)) == living, "\(random)")
        }
    }
}
