import PassimTestKit
import Testing

/// scripts/soak, for as short as it goes: what takes an hour elsewhere works.
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(10)))
struct SoakScriptTests {
    @Test func shortRunFindsNothingWrong() throws {
        let program = try Products.path(of: "passim-soak")
        var setting = ChildProcess.Setting()
        setting.environment = [
            "PASSIM_BINARIES": String(program[..<(program.lastIndex(of: "/") ?? program.endIndex)])
        ]
        let outcome = try Command.run(
            [Products.repository + "/scripts/soak", "0.2", "--seed", "7"], setting, seconds: 540)
        #expect(outcome.end == .exit(0), "\(outcome.text) \(outcome.errorText)")
        let lines = outcome.text.split(separator: "\n")
        #expect(lines.first == "seed 7, 2 rounds of 6 s")
        #expect(lines.count { $0.hasSuffix("  ok") } == 2)
        #expect(lines.last == "nothing was wrong")
    }
}
