internal import ArgumentParser
internal import PassimTestKit

/// `passim-soak`: everything at once for as long as wanted, and every minute the question whether all is still right.
@main
struct PassimSoak: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passim-soak",
        abstract:
            "Runs passimd for a long time among everything that happens to it, and checks it every minute.",
        discussion: """
            Makes a network of four hosts. On the first, passimd shares a directory that changes all the time, and \
            files that programs publish; the others look them up and fetch them, in order and not. Needs root.
            """)

    @Argument(help: "Minutes.")
    var minutes = 60.0

    @Option(help: "Repeats the choices of a run, as far as they do not depend on time.")
    var seed: UInt64?

    func validate() throws {
        guard minutes >= 0.1, minutes <= 10_000 else { throw ValidationError("0.1 to 10000 minutes") }
    }

    func run() throws {
        guard AvahiHost.isPossible else { throw ValidationError(AvahiHost.requirement) }
        Interruption.heed()
        let soak = try Soak(minutes: minutes, seed: seed ?? .random(in: 0 ... .max))
        guard try soak.run() else { throw ExitCode.failure }
    }
}
