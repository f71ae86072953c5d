internal import ArgumentParser

/// How many synthetic files a benchmark of this process is about, and how often it is repeated.
struct SyntheticOptions: ParsableArguments {
    @Option(help: "Files, 100 a directory, with paths of 40 bytes.")
    var entries = 1_000_000

    @Option(help: "Rounds, of which the median counts.")
    var rounds = 5

    func validate() throws {
        guard (1...16_000_000).contains(entries) else {
            throw ValidationError("--entries takes 1 to 16000000")
        }
        guard rounds > 0 else { throw ValidationError("--rounds takes 1 or more") }
    }

    var files: SyntheticFiles { SyntheticFiles(count: entries) }
}
