internal import ArgumentParser
internal import Glibc
internal import PassimCore
internal import PassimDiscovery
internal import PassimSystem
internal import PassimTestKit

/// `passim-bench discovery`: what it costs to be found, and how long it takes to find.
struct DiscoveryBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "discovery",
        abstract: "Digests advertised through the real avahi-daemon, on a LAN of two hosts. Needs root.",
        subcommands: [Measurement.self, AdvertiseCommand.self, FindCommand.self, AskCommand.self],
        defaultSubcommand: Measurement.self)

    struct Measurement: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "measure", abstract: "Measures, and prints the figures.")

        @Option(parsing: .upToNextOption, help: "Numbers of digests.")
        var counts = [1000, 10_000, 30_000]

        @Option(parsing: .upToNextOption, help: "Numbers of digests that we answer for.")
        var answered = [100, 100_000]

        @Option(help: "Digests that are looked for at each number.")
        var lookups = 25

        @OptionGroup var report: ReportOptions

        func validate() throws {
            guard (counts + answered).allSatisfy({ $0 > 0 }), lookups > 0 else {
                throw ValidationError("the numbers are 1 or more")
            }
            guard AvahiHost.isPossible else { throw ValidationError(AvahiHost.requirement) }
        }

        func run() throws {
            try Interruption.handle()
            try measure().tell(json: report.json)
        }

        func measure() throws -> Report {
            let alone = counts.isEmpty ? 0 : try Registration(0).frames
            let rows =
                try counts.flatMap { try DiscoveryBenchmark.rows($0, lookups: lookups, alone: alone) }
                + ResponderBenchmark.measure(answered, lookups: lookups)
                + RedirectBenchmark.measure(2 * lookups)
                + RedirectBenchmark.measureNamed(40 * lookups)
            return Report(
                name: "discovery", peer: "the service alone; avahi-daemon as the distribution configures it",
                rows: rows)
        }
    }

    /// Two hosts, and an advertiser on the first whose digests are registered.
    private struct Registration {
        let lan: Lan
        let here: AvahiHost
        let there: AvahiHost
        let advertiser: ChildProcess
        let avahi: ProcessCounters
        let seconds: Double
        let processorSeconds: Double
        /// What the other host has received.
        let frames: Double

        init(_ count: Int) throws {
            lan = try Lan()
            here = try AvahiHost(lan.server, name: "here")
            there = try AvahiHost(lan.client, name: "there")
            guard let daemon = here.avahi else { throw TestFailure("avahi-daemon does not run") }
            avahi = try ProcessCounters(root: daemon.identifier)
            // Both hosts have announced themselves.
            Footprint.rest(seconds: 4)
            let framesBefore = try DiscoveryBenchmark.frames(there)
            let busyBefore = avahi.processorTime
            let start = monotonicNanoseconds()
            advertiser = try ChildProcess(
                [Products.path(of: "passim-bench"), "discovery", "advertise", "\(count)"], here.setting)
            try advertiser.waitForLine(seconds: 300) {
                $0.hasPrefix("status advertising ") && $0.contains(" registered \(count) ")
            }
            seconds = Double(monotonicNanoseconds() - start) / 1e9
            processorSeconds = Double(avahi.processorTime - busyBefore) / 1e9
            // A service is announced several times, a second and more apart.
            Footprint.rest(seconds: 4)
            frames = try DiscoveryBenchmark.frames(there) - framesBefore
        }
    }

    private static func frames(_ host: AvahiHost) throws -> Double {
        let outcome = try host.run("cat", "/sys/class/net/lan0/statistics/rx_packets")
        guard let count = Double(outcome.text.split(separator: "\n").first ?? "") else {
            throw TestFailure("no count of frames: \(outcome.errorText)")
        }
        return count
    }

    private static func rows(_ count: Int, lookups: Int, alone: Double) throws -> [Report.Row] {
        let registration = try Registration(count)
        let counters = try ProcessCounters(root: registration.advertiser.identifier)
        let isReference = count == 10_000
        var rows = [
            Report.Row(
                what: "\(count) digests registered", unit: "s", ours: registration.seconds,
                target: isReference ? .atMost(5) : nil,
                note: "from the start of the process; the service's name takes 0.9 s"),
            Report.Row(
                what: "\(count) digests registered, CPU of avahi-daemon", unit: "s",
                ours: registration.processorSeconds, target: isReference ? .atMost(1) : nil),
            Report.Row(
                what: "\(count) digests registered, frames on the network", unit: "frames",
                ours: registration.frames,
                peer: alone, note: "all that the other host received until 4 s later"),
            Report.Row(
                what: "\(count) digests, memory of avahi-daemon", unit: "MiB RSS",
                ours: try registration.avahi.residentBytes() / 1_048_576),
            Report.Row(
                what: "\(count) digests, memory of the advertiser's process", unit: "MiB RSS",
                ours: try counters.residentBytes() / 1_048_576),
        ]
        rows += try findings(registration, count, lookups)
        return rows
    }

    private static func findings(
        _ registration: Registration, _ count: Int, _ lookups: Int
    ) throws -> [Report.Row] {
        var generator = SeededGenerator(seed: UInt64(count))
        func some() -> [Int] { (0..<lookups).map { _ in Int.random(in: 1...count, using: &generator) } }
        let there = registration.there
        let busyBefore = registration.avahi.processorTime
        let found = Lock(0)
        let numbers = some()
        try inParallel(5) { thread in
            for position in stride(from: thread, to: numbers.count, by: 5) {
                let subtype = CacheService.subtype(of: Digest(numbered: numbers[position]))
                let answers = try there.browse(subtype)
                if answers.count == 1, answers[0].address == Lan.serverAddress {
                    found.withLock { $0 += 1 }
                }
            }
        }
        let perLookup = Double(registration.avahi.processorTime - busyBefore) / 1e6 / Double(lookups)
        let output = try Command.succeed(
            [Products.path(of: "passim-bench"), "discovery", "find", "--first"] + some().map { "\($0)" },
            there.setting, seconds: 300)
        let waits = output.text.split(separator: "\n").compactMap { line in
            line.split(separator: " ").dropFirst(2).first.flatMap { Double($0) }
        }
        guard !waits.isEmpty else { throw TestFailure("nothing was found: \(output.errorText)") }
        return [
            Report.Row(
                what: "\(count) digests, found by avahi-browse as stock peers look", unit: "of \(lookups)",
                ours: Double(found.withLock { $0 }), target: .atLeast(Double(lookups))),
            Report.Row(
                what: "\(count) digests, CPU of avahi-daemon for a lookup", unit: "ms", ours: perLookup),
            Report.Row(
                what: "\(count) digests, first address found by ours", unit: "of \(lookups)",
                ours: Double(waits.count), target: .atLeast(Double(lookups))),
            Report.Row(
                what: "\(count) digests, until the first address, p50", unit: "ms",
                ours: percentile(50, waits)),
            Report.Row(
                what: "\(count) digests, until the first address, p99", unit: "ms",
                ours: percentile(99, waits)),
        ]
    }
}
