import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct WarningPacerTests {
    private static let second: UInt64 = 1_000_000_000

    @Test func troubleThatGoesOnIsToldEverMoreSeldom() {
        let log = RecordedLog()
        let pacer = WarningPacer(log.logger)
        // For an hour, once a second.
        for number in 0..<3600 { pacer.warn("trouble", at: 5 + UInt64(number) * WarningPacerTests.second) }
        #expect(log.warnings.count == 9)
        #expect(log.warnings.first == "trouble")
        #expect(log.warnings.dropFirst().first == "trouble (and 9 times before)")
    }

    @Test func troubleThatComesAgainLaterIsToldAtOnce() {
        let log = RecordedLog()
        let pacer = WarningPacer(log.logger)
        pacer.warn("trouble", at: 5)
        pacer.warn("trouble", at: 6)
        pacer.warn("trouble", at: 60 * WarningPacerTests.second)
        pacer.warn("trouble", at: 71 * WarningPacerTests.second)
        #expect(log.warnings == ["trouble", "trouble (and 1 times before)", "trouble"])
    }
}
