import PassimCore
import Testing

@Suite struct WarningPaceTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func troubleThatGoesOnIsToldEverMoreSeldom() {
        var pace = WarningPace()
        // For an hour, once a second.
        let said = (0..<3600).compactMap { number in
            pace.warning(at: 5 + UInt64(number) * WarningPaceTests.second) { "trouble" }
        }
        #expect(said.count == 9)
        #expect(said.first == "trouble")
        #expect(said.dropFirst().first == "trouble (and 9 times before)")
    }

    @Test func troubleThatComesAgainLaterIsToldAtOnce() {
        var pace = WarningPace()
        let said = ([0, 1, 60, 71] as [UInt64]).map { second in
            pace.warning(at: 5 + second * WarningPaceTests.second) { "trouble" }
        }
        #expect(said == ["trouble", nil, "trouble (and 1 times before)", "trouble"])
    }
}
