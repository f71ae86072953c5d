import PassimCore
import PassimTestKit
import Testing

@testable import PassimSystem

@Suite struct TimesTests {
    @Test func birthTimeIsNotMovedByWriting() throws {
        let tree = try TemporaryTree()
        let before = wallClock().seconds
        try tree.write("a", "a")
        let file = try Descriptor.open(tree.absolute("a"), .readOnly)
        guard let born = try file.birthTime() else { return }
        // File systems' ticks are coarse.
        #expect(before - 1...wallClock().seconds ~= born.seconds)
        try tree.setModified("a", .init(seconds: 5, nanoseconds: 0))
        #expect(try file.birthTime() == born)
    }

    @Test func secondsAreThoseOfTheWallClockAtTheLastTick() {
        let seconds = wallClockSeconds()
        #expect(wallClock().seconds - 10...wallClock().seconds ~= seconds)
    }

    @Test func bootTimeIsThatOfTheKernel() throws {
        let text = try #require(try bootTime())
        let seconds = try #require(Int64(text))
        #expect(seconds > 1_000_000_000 && seconds <= wallClock().seconds)
    }

    @Test(arguments: [
        ("cpu 1 2\nbtime 1700000000\nprocesses 5\n", "1700000000"), ("btime 7", "7"), ("", nil),
        ("btime\n", nil), ("btime x\n", nil), ("btime 1 2\n", nil), ("abtime 1\n", nil), ("btime -1\n", nil),
        ("btime 99999999999999999999\n", nil),
    ])
    func bootTimeIsTheLineOfThatName(_ text: String, _ expected: String?) {
        #expect(bootTime(statistics: Array(text.utf8)) == expected)
    }

    @Test func timeLimitOfPollIsRoundedUp() {
        #expect(pollMilliseconds(until: nil) == -1)
        #expect(pollMilliseconds(until: 0) == 0)
        #expect(pollMilliseconds(until: .max) == .max)
        let limit = pollMilliseconds(until: monotonicNanoseconds() + 3_600_000_000_000)
        #expect((3_500_000...3_600_000).contains(limit))
    }
}
