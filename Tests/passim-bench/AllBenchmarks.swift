internal import ArgumentParser
internal import PassimTestKit

/// `passim-bench all`: everything that can be measured, in one table each and one JSON file.
struct AllBenchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "all", abstract: "Everything, one after another.")

    @Option(help: "The passimd to measure, a release build; by default the one beside this program.")
    var passimd: String?

    @Flag(help: "Small sizes: shows that everything works, and takes less than a minute.")
    var quick = false

    @OptionGroup var report: ReportOptions

    func run() throws {
        try Interruption.handle()
        // First what is measured in this process: its memory is its own yet.
        var index = try IndexBenchmark.parse([])
        if quick {
            index.synthetic.entries = 100_000
            index.synthetic.rounds = 1
        }
        var page = try PageBenchmark.parse([])
        if quick {
            page.synthetic.entries = 100_000
            page.synthetic.rounds = 1
        }
        var scan = try ScanBenchmark.parse([])
        if quick {
            scan.coldFiles = 100
            scan.warmFiles = 2000
            scan.rounds = 1
        }
        var server = try ServerBenchmark.parse([])
        server.passimd = passimd
        server.quick = quick

        var watch = try WatchBenchmark.parse([])
        if quick {
            watch.files = 20
            watch.burst = 100
            watch.idleFiles = 1000
            watch.idleSeconds = 1
            watch.population = 500
        }

        var sync = try SyncBenchmark.parse([])
        if quick {
            sync.files = 50
            sync.rounds = 1
        }

        var measures = [
            index.measure, page.measure, scan.measure, server.measure, watch.measure, sync.measure,
        ]
        if AvahiHost.isPossible {
            var discovery = try DiscoveryBenchmark.Measurement.parse([])
            if quick {
                discovery.counts = [1000]
                discovery.answered = [1000]
                discovery.lookups = 5
            }
            measures.append(discovery.measure)
        } else {
            print("discovery is left out: it \(AvahiHost.requirement)")
        }
        var documents: [String] = []
        for measure in measures {
            let report = try measure()
            try report.tell(json: nil)
            documents.append(report.document)
        }
        if let json = report.json {
            try Report.write("[\n\(documents.joined(separator: ",\n"))\n]\n", to: json)
        }
    }
}
