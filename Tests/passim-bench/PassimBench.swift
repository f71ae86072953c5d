internal import ArgumentParser

/// `passim-bench`: the figures of Sources/README.md, "Targets of performance", each in a sub-command of its own.
@main
struct PassimBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passim-bench", abstract: "Measures passim against its targets.",
        subcommands: [
            AllBenchmarks.self, IndexBenchmark.self, ScanBenchmark.self, ServerBenchmark.self,
            WatchBenchmark.self, DiscoveryBenchmark.self, PageBenchmark.self, MillionBenchmark.self,
            SyncBenchmark.self,
        ])
}
