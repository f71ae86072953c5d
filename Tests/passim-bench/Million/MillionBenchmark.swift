internal import ArgumentParser
internal import PassimSystem
internal import PassimTestKit

/// `passim-bench million`: the same daemon over ten thousand files, a hundred thousand and a million: what grows, and
/// what must not.
struct MillionBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "million", abstract: "A million small files, from the first scan to a lookup on a LAN.",
        discussion: """
            The trees are made once and used again; a million files take 4 GB and as many inodes. The part on a LAN \
            of two hosts needs root.
            """)

    enum Part: String, CaseIterable, ExpressibleByArgument {
        /// One host.
        case host
        /// Two hosts, with an avahi-daemon each.
        case lan
    }

    @Option(help: "Where the trees are, or are to be made.")
    var directory = Products.repository + "/.build/million"

    @Option(parsing: .upToNextOption, help: "Numbers of files, ascending.")
    var counts = [10_000, 100_000, 1_000_000]

    @Option(parsing: .upToNextOption, help: "What is measured: host, lan.")
    var parts = Part.allCases

    @Option(help: "Rounds of warm starts and questions, of which the median counts.")
    var rounds = 3

    @Option(help: "Seconds in which nothing happens.")
    var idleSeconds = 20

    @Option(help: "Digests that are looked for on the LAN, of the fewest files and of the most.")
    var lookups = 200

    @Option(help: "Files that the LAN is compared with.")
    var fewest = 100

    @OptionGroup var report: ReportOptions

    func validate() throws {
        guard !counts.isEmpty, counts == counts.sorted(), (counts + [fewest]).allSatisfy({ $0 > 0 }),
            rounds > 0, idleSeconds > 0, lookups > 0
        else { throw ValidationError("the numbers are 1 or more, and --counts ascend") }
        guard !parts.contains(.lan) || AvahiHost.isPossible else {
            throw ValidationError("\(AvahiHost.requirement); --parts host needs less")
        }
    }

    func run() throws {
        try Interruption.handle()
        var documents: [String] = []
        if parts.contains(.host) {
            var table = GrowthTable(counts: counts)
            for count in counts {
                let tree = try MillionTree.standing(count, in: directory)
                try MillionHost(tree: tree, rounds: rounds, idleSeconds: idleSeconds).measure(&table)
            }
            table.tell()
            documents.append(table.document)
        }
        if parts.contains(.lan) {
            let trees = try [fewest, counts.last!].map { try MillionTree.standing($0, in: directory) }
            let report = try MillionLan.measure(trees, lookups: lookups)
            try report.tell(json: nil)
            documents.append(report.document)
        }
        if let json = report.json {
            try Report.write("[\n\(documents.joined(separator: ",\n"))\n]\n", to: json)
        }
    }
}
