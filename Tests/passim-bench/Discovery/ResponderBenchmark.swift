internal import PassimCore
internal import PassimDiscovery
internal import PassimSystem
internal import PassimTestKit

/// What it costs to answer for digests instead of registering them: at any number the same.
enum ResponderBenchmark {
    private static let questions = 10_000
    private static let rates = [1000, 5000]

    /// - Parameter lookups: of each kind at each number.
    static func measure(_ counts: [Int], lookups: Int) throws -> [Report.Row] {
        var first: (found: [Double], browsed: [Double])?
        return try counts.flatMap { count in
            try rows(count, lookups, reference: &first)
        }
    }

    private static func rows(
        _ count: Int, _ lookups: Int, reference: inout (found: [Double], browsed: [Double])?
    ) throws -> [Report.Row] {
        let lan = try Lan()
        let here = try AvahiHost(lan.server, name: "here")
        let there = try AvahiHost(lan.client, name: "there")
        guard let daemon = here.avahi else { throw TestFailure("avahi-daemon does not run") }
        let program = try Products.path(of: "passim-bench")
        let advertiser = try ChildProcess(
            [program, "discovery", "advertise", "\(count)", "--answering", "always"], here.setting)
        try advertiser.waitForLine(seconds: 300) { $0.hasSuffix(", by answers.") }
        // A service is announced several times, a second and more apart.
        Footprint.rest(seconds: 4)
        let avahi = try ProcessCounters(root: daemon.identifier)
        let ours = try ProcessCounters(root: advertiser.identifier)
        let numbers = sample(count, lookups, seed: 1)

        let busy = avahi.processorTime
        var browsed: [Double] = []
        for number in numbers {
            let start = monotonicNanoseconds()
            let answers = try there.browse(CacheService.subtype(of: Digest(numbered: number)))
            if answers.map(\.address) == [Lan.serverAddress] {
                browsed.append(Double(monotonicNanoseconds() - start) / 1e6)
            }
        }
        let perLookup = Double(avahi.processorTime - busy) / 1e6 / Double(lookups)
        let found = try find(sample(count, lookups, seed: 2), program, there)
        guard !browsed.isEmpty, !found.isEmpty else { throw TestFailure("nothing was found") }
        let peer = reference
        reference = peer ?? (found, browsed)
        let name = "\(count) digests by answers"
        func row(_ what: String, _ unit: String, _ value: Double, _ peer: Double? = nil) -> Report.Row {
            Report.Row(what: "\(name), \(what)", unit: unit, ours: value, peer: peer)
        }
        var rows = [
            row("found by avahi-browse", "of \(lookups)", Double(browsed.count)),
            row("avahi-browse, p50", "ms", percentile(50, browsed), peer.map { percentile(50, $0.browsed) }),
            row("avahi-browse, p99", "ms", percentile(99, browsed), peer.map { percentile(99, $0.browsed) }),
            row("found by ours", "of \(lookups)", Double(found.count)),
            row("first address, p50", "ms", percentile(50, found), peer.map { percentile(50, $0.found) }),
            row("first address, p99", "ms", percentile(99, found), peer.map { percentile(99, $0.found) }),
            row("CPU of avahi-daemon for a lookup", "ms", perLookup),
            row("memory of avahi-daemon", "MiB RSS", try avahi.residentBytes() / 1_048_576),
            row("memory of the advertiser's process", "MiB RSS", try ours.residentBytes() / 1_048_576),
        ]
        for rate in rates {
            let (busy, theirs) = (ours.processorTime, avahi.processorTime)
            let output = try Command.succeed(
                [program, "discovery", "ask", "\(count)", "--count", "\(questions)", "--rate", "\(rate)"],
                there.setting, seconds: 120)
            let words = output.text.split { $0 == " " || $0 == "\n" }
            guard words.count == 10, let left = Double(words[5]), let wait = Double(words[7]) else {
                throw TestFailure("not understood: \(output.text)")
            }
            rows += [
                row("left unanswered at \(rate) questions/s", "of \(questions)", left),
                Report.Row(
                    what: "\(name), until the answer at \(rate)/s, p50", unit: "ms", ours: wait,
                    note: count < 10_000 ? "a record is multicast once a second" : ""),
                row(
                    "our CPU for a question at \(rate)/s", "µs",
                    Double(ours.processorTime - busy) / 1e3 / Double(questions)),
                row(
                    "avahi-daemon's CPU for it", "µs",
                    Double(avahi.processorTime - theirs) / 1e3 / Double(questions)),
            ]
        }
        return rows
    }

    /// Different ones, as long as there are enough: what is in a cache is found sooner.
    private static func sample(_ count: Int, _ size: Int, seed: UInt64) -> [Int] {
        var generator = SeededGenerator(seed: seed)
        var taken: Set<Int> = []
        return (0..<size).map { _ in
            if taken.count == count { taken = [] }
            var number = Int.random(in: 1...count, using: &generator)
            while !taken.insert(number).inserted { number = number % count + 1 }
            return number
        }
    }

    /// Milliseconds until the first address, of those that were found.
    private static func find(
        _ numbers: [Int], _ program: String, _ host: AvahiHost
    ) throws -> [Double] {
        let output = try Command.succeed(
            [program, "discovery", "find", "--first"] + numbers.map { "\($0)" }, host.setting, seconds: 600)
        return output.text.split(separator: "\n").compactMap { line in
            line.split(separator: " ").dropFirst(2).first.flatMap { Double($0) }
        }
    }
}
