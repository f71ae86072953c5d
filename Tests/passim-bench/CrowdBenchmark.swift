internal import PassimTestKit

/// New clients while others keep a server busy without wanting anything of it.
enum CrowdBenchmark {
    /// Connections that never speak.
    static func silent(_ contest: Contest) throws -> [Report.Row] {
        let size = contest.size
        let row = try contest.alternate(
            "new GET beside silent connections", "ms p99", target: .atMost(50),
            note: "\(size.silent) connections; \(size.newClients) new clients a round"
        ) { peer in try percentile(99, under([.silent], at: peer, contest)) }
        return [row]
    }

    /// Every kind of crowd by itself, then all at once, and all of it again.
    static func loads(_ contest: Contest) throws -> [Report.Row] {
        let loads = Crowd.Kind.allCases.map { [$0] } + [Crowd.Kind.allCases]
        var times = [(ours: [Double], peer: [Double])](repeating: ([], []), count: loads.count)
        var rounds: [(ours: Footprint, peer: Footprint)] = []
        let atRest = try (ours: Footprint.atRest(contest.ours), peer: Footprint.atRest(contest.peer))
        for peer in [contest.ours, contest.peer] { try peer.counters.forgetPeak() }
        for _ in 0..<2 {
            for (number, load) in loads.enumerated() {
                times[number].ours += try under(load, at: contest.ours, contest)
                times[number].peer += try under(load, at: contest.peer, contest)
            }
            rounds.append(
                try (
                    ours: Footprint.after(contest.ours, descriptors: atRest.ours.descriptors),
                    peer: Footprint.after(contest.peer, descriptors: atRest.peer.descriptors)
                ))
        }
        return zip(loads, times).map { load, times in
            Report.Row(
                what: "new GET, \(load.count == 1 ? load[0].rawValue : "all at once")", unit: "ms p99",
                ours: percentile(99, times.ours), peer: percentile(99, times.peer),
                target: .atMostOrRatio(50, ratio: 2),
                note: "\(times.ours.count) and \(times.peer.count) new clients")
        } + memory(rounds, contest.size)
    }

    private static func memory(
        _ rounds: [(ours: Footprint, peer: Footprint)], _ size: Contest.Size
    ) -> [Report.Row] {
        let idle = size.silent + size.slowHeads
        let active = size.slowReaders + Crowd.count(.flood, size) + 1
        return [
            Report.Row(
                what: "peak RSS, all loads", unit: "MiB", ours: rounds[1].ours.peak,
                peer: rounds[1].peer.peak,
                target: .atMost(24 + Double(idle * 16 + active * 64) / 1024),
                note:
                    "24 MiB, 16 KiB for each of \(idle) idle and 64 KiB for each of \(active) active connections"
            ),
            Report.Row(
                what: "RSS after the second round", unit: "× first",
                ours: rounds[1].ours.resident / rounds[0].ours.resident,
                peer: rounds[1].peer.resident / rounds[0].peer.resident, target: .atMost(1.05),
                note: "\(Int(rounds[0].ours.resident)) MiB after the first"),
            Report.Row(
                what: "descriptors after the second round", unit: "more",
                ours: Double(rounds[1].ours.descriptors - rounds[0].ours.descriptors),
                peer: Double(rounds[1].peer.descriptors - rounds[0].peer.descriptors), target: .atMost(0)),
        ]
    }

    private static func under(_ load: [Crowd.Kind], at peer: BenchServer, _ contest: Contest) throws
        -> [Double]
    {
        let crowds = try load.map { try Crowd($0, at: peer, contest.tree, contest.size) }
        defer { for crowd in crowds { crowd.leave() } }
        // Within the time that a silent client is given: the whole crowd is there all the time.
        return try NewClients.times(contest.size.newClients, at: peer, contest.tree.small, seconds: 7)
    }
}
