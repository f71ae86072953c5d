internal import Glibc
internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// One run: rounds of a minute, in which everything happens at once, and at whose end nothing happens and all is
/// checked.
final class Soak {
    private let seed: UInt64
    private let rounds: Int
    /// Seconds.
    private let length: Double
    private let start = monotonicNanoseconds()

    private let counts = Lock(SoakCounts())
    private let hosts: SoakHosts
    private let changes: MirrorChanges
    private let disturbances: Disturbances
    private let attacks: Attacks
    private let publisher: Publisher
    private let checks: Checks
    private let watches: [LeakWatch]
    private var failures: [String] = []
    private var random: SeededGenerator

    init(minutes: Double, seed: UInt64) throws {
        self.seed = seed
        rounds = max(2, Int(minutes.rounded()))
        length = minutes * 60 / Double(rounds)
        random = SeededGenerator(seed: seed)
        print("seed \(seed), \(rounds) rounds of \(Int(length.rounded())) s")
        var made: MirrorChanges?
        let counts = counts
        hosts = try SoakHosts(seed: seed) { site in
            made = try MirrorChanges(site, seed: seed, counts)
            try Disturbances.prepare(site, seed: seed)
            try RoughDirectory.prepare(site)
        }
        guard let made else { throw TestFailure("nothing to share was made") }
        changes = made
        disturbances = Disturbances(hosts, counts)
        attacks = try Attacks(hosts, disturbances, counts)
        publisher = try Publisher(hosts, disturbances, counts)
        checks = Checks(hosts, changes, publisher, disturbances, seed: seed, counts)
        watches = [("passimd", hosts.mirror), ("the neighbour's passimd", hosts.neighbour)].map {
            LeakWatch($0, $1, watchesMemory: minutes >= 5)
        }
    }

    /// - Returns: whether all was right.
    func run() throws -> Bool {
        print(Line.heading)
        var checking = 0.0
        for round in 1...rounds where !Interruption.isWanted {
            let due = start + UInt64(Double(round) * length * 1e9)
            // A minute with what the checks took the last time, but half of it is work in any case.
            let now = monotonicNanoseconds()
            let most = due > now ? Double(due - now) / 1e9 : 0
            var wrong = try work(seconds: max(most - checking, length / 2))
            // Whoever ended this run may have ended others with it.
            if Interruption.isWanted { break }
            let begin = monotonicNanoseconds()
            let (found, slow) = try verify(round)
            wrong += found
            checking = Double(monotonicNanoseconds() - begin) / 1e9
            printLine(wrong, slow)
            failures += wrong
            if !hosts.mirror.isRunning { break }
        }
        try end()
        Summary(
            seed: seed, counts.withLock { $0 }, attacks.names, watches, try checks.auditLines(), failures,
            start
        ).print()
        return failures.isEmpty
    }

    // MARK: - Work

    /// - Returns: what was wrong.
    private func work(seconds: Double) throws -> [String] {
        let polite = try DoubtingClient(
            hosts.mirror, changes.history, seed: random.next(), at: hosts.politeClient, pause: 20_000)
        let local = try DoubtingClient(
            hosts.mirror, changes.history, seed: random.next(), at: hosts.onMirror, pause: 20_000)
        let steady = try SteadyClient(hosts.mirror, hosts.steady.map(\.digest), pause: 100_000)
        let lookups = LookupClient(hosts, changes.history, counts)
        let erratic = ErraticClient(hosts, changes.history, counts)
        let threads =
            try [
                changes.start(seed: random.next()), publisher.start(seed: random.next()),
                disturbances.start(seed: random.next()), lookups.start(seed: random.next()),
                erratic.start(seed: random.next()),
            ] + attacks.start(&random)
        let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
        while monotonicNanoseconds() < end, !Interruption.isWanted { usleep(50_000) }
        for thread in threads { thread.tellToStop() }
        var wrong = threads.compactMap { $0.failure() }
        do {
            try take(polite.stop(), from: SoakHosts.politeAddress)
            try take(local.stop(), from: SoakHosts.localAddress)
            let count = try steady.stop()
            let longest = steady.longestWait
            counts.withLock { counts in
                counts.addDownloads(count, from: SoakHosts.localAddress)
                counts.longestWait = max(counts.longestWait, longest)
            }
            if longest > 20 { wrong.append("a steady file was answered after \(longest) s") }
        } catch {
            // Publications are most of what it says.
            let lines = hosts.mirror.log.split(separator: "\n").filter { !$0.contains("published ") }
            wrong.append("client: \(error); passimd said: \(lines.suffix(40).joined(separator: "\n"))")
        }
        try changes.settle()
        return wrong
    }

    private func take(_ sum: DoubtingClient.Counts, from address: String) {
        counts.withLock { counts in
            counts.addDownloads(sum.complete, from: address)
            counts.unknown += sum.unknown
            counts.cutOff += sum.cutOff
        }
    }

    // MARK: - Checks

    /// - Returns: what was wrong, and what was slow.
    private func verify(_ round: Int) throws -> ([String], [String]) {
        let (failures, slow) = checks.run()
        var wrong = failures
        // A sixth of a short run is as ten minutes of an hour.
        let isEarly = Double(round) * length <= min(600, Double(rounds) * length / 6)
        guard hosts.mirror.isRunning, hosts.neighbour.isRunning else { return (wrong, slow) }
        for watch in watches {
            if let failure = try watch.check(isEarly: isEarly) { wrong.append(failure) }
        }
        return (wrong, slow)
    }

    private func printLine(_ wrong: [String], _ slow: [String]) {
        let line = Line(
            seconds: Double(monotonicNanoseconds() - start) / 1e9, counts: counts.withLock { $0 },
            usage: watches[0].last, failures: wrong, slow: slow)
        print(line.text)
        fflush(nil)
    }

    /// It stops when it is told to, takes back what it advertised, and leaves nothing behind.
    private func end() throws {
        for (daemon, name) in [(hosts.neighbour, "the neighbour's passimd"), (hosts.mirror, "passimd")]
        where daemon.isRunning {
            let end = try daemon.process.terminate(seconds: 30)
            if end != .exit(0) { failures.append("\(name) ended with \(end)") }
        }
        do {
            try checks.compareState()
        } catch {
            failures.append("state at the end: \(error)")
        }
    }
}
