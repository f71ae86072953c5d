internal import ArgumentParser
internal import Glibc
internal import Logging
internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimMirror
internal import PassimSystem
internal import PassimTestKit

/// `passim-bench scan`: a mirror's first scan beside `openssl speed`, its later ones beside find and getfattr.
///
/// Rounds of ours and of the peer alternate, and medians count: the machine may be busy.
struct ScanBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "A cold scan beside `openssl speed`, a warm start beside find and getfattr.")

    @Option(help: "Files of the cold scan, 1 MiB each on average.")
    var coldFiles = 1000

    @Option(help: "Files of the warm start, 100 a directory.")
    var warmFiles = 100_000

    @Flag(help: "Without inotify: what watching costs is the difference.")
    var unwatched = false

    @Option(help: "Rounds of each kind.")
    var rounds = 5

    @OptionGroup var report: ReportOptions

    func validate() throws {
        guard coldFiles > 0, warmFiles > 0, rounds > 0 else {
            throw ValidationError("the numbers are 1 or more")
        }
    }

    func run() throws {
        try measure().tell(json: report.json)
    }

    func measure() throws -> Report {
        Report(
            name: "scan", peer: "openssl speed; find -printf, then getfattr -R",
            rows: try cold() + [try warm()])
    }

    // MARK: - Cold

    /// No attributes and no store, pages cached: hashing and nothing else.
    ///
    /// By the clock on the wall, which says whether all cores are used and is of use on a quiet machine
    /// only, and by processor time, which says what a byte costs.
    private func cold() throws -> [Report.Row] {
        let tree = try TemporaryTree()
        var bytes = 0
        var content = [UInt8](repeating: 0, count: 4 << 20)
        var generator = SeededGenerator(seed: 1)
        for index in content.indices { content[index] = UInt8(truncatingIfNeeded: index &* 167 >> 3) }
        for number in 0..<coldFiles {
            // Most are small, most bytes are in large ones, as in a mirror of packages.
            let size = number % 4 == 3 ? 3 << 20 : Int.random(in: 1..<(683 << 10), using: &generator)
            try tree.write("d\(number / 100)/f\(number)", Array(content[..<size]))
            bytes += size
        }
        let cores = Double(processorCount())
        let pairs = try (0..<rounds).map { _ in
            let peer = (wall: try openssl(["-elapsed"]) * cores, processor: try openssl([]))
            let (seconds, processor, counters) = try scan(tree.path, place: .storeOnly)
            precondition(counters.filesHashed == coldFiles)
            return (wall: Double(bytes) / seconds, processor: Double(bytes) / processor, peer: peer)
        }
        return [
            Report.Row(
                what: "cold scan, wall time", unit: "MB/s",
                ours: median(pairs.map(\.wall)) / 1e6, peer: median(pairs.map(\.peer.wall)) / 1e6,
                target: .ratioAtLeast(0.85),
                note: "\(coldFiles) files; openssl speed on one core × \(Int(cores))",
                pairedRatio: median(pairs.map { $0.wall / $0.peer.wall })),
            Report.Row(
                what: "cold scan, per second of CPU", unit: "MB/s",
                ours: median(pairs.map(\.processor)) / 1e6,
                peer: median(pairs.map(\.peer.processor)) / 1e6, target: .ratioAtLeast(0.85),
                pairedRatio: median(pairs.map { $0.processor / $0.peer.processor })),
        ]
    }

    /// As nice as the mirror's workers are.
    ///
    /// - Returns: bytes a second on one core.
    private func openssl(_ options: [String]) throws -> Double {
        let outcome = try Command.succeed(
            ["nice", "-n", "1", "openssl", "speed"] + options
                + ["-seconds", "1", "-bytes", "1048576", "-evp", "sha256"])
        // The last word is thousands of bytes per second: `1823456.78k`.
        guard let word = outcome.text.split(whereSeparator: \.isWhitespace).last, word.last == "k",
            let thousands = Double(word.dropLast())
        else { throw ValidationError("openssl speed said: \(outcome.text)") }
        return thousands * 1000
    }

    // MARK: - Warm

    /// All attributes valid: from nothing to all files in the index.
    private func warm() throws -> Report.Row {
        let tree = try TemporaryTree()
        for number in 0..<warmFiles { try tree.write("d\(number / 100)/file-\(number).cab", "\(number)") }
        let first = try scan(tree.path, place: .attributes).counters
        precondition(first.attributesWritten == warmFiles)
        let find = "find \(tree.path) -type f -printf '%p %s %T@\\n' > /dev/null"
        let attributes = "getfattr -R --absolute-names -d \(tree.path) > /dev/null"
        let pairs = try (0..<rounds).map { _ in
            let peer = try timed(["sh", "-c", find]) + timed(["sh", "-c", attributes])
            let (seconds, _, counters) = try scan(tree.path, place: .attributes)
            precondition(counters.trustedAttributes == warmFiles && counters.filesHashed == 0)
            return (ours: seconds, peer: peer)
        }
        return Report.Row(
            what: "warm start", unit: "s", ours: median(pairs.map(\.ours)), peer: median(pairs.map(\.peer)),
            target: .ratioAtMost(2), note: "\(warmFiles) files with valid attributes",
            pairedRatio: median(pairs.map { $0.ours / $0.peer }))
    }

    private func timed(_ arguments: [String]) throws -> Double {
        let start = monotonicNanoseconds()
        try Command.succeed(arguments, seconds: 600)
        return Double(monotonicNanoseconds() - start) / 1e9
    }

    // MARK: - Ours

    /// One mirror from its start to the end of its first pass.
    private func scan(
        _ path: String, place: ChecksumPlace
    ) throws -> (seconds: Double, processor: Double, counters: MirrorCounters) {
        // The files have just been made: ten seconds ahead they are old enough.
        let clock = TimeSource(
            now: {
                var now = wallClock()
                now.seconds += 10
                return now
            },
            monotonic: { monotonicNanoseconds() })
        let mirror = Mirror(
            index: DigestIndex(), store: nil, place: place,
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }, clock: clock)
        let eventCount = EventCount()
        let ticket = eventCount.ticket()
        let start = monotonicNanoseconds()
        let processor = processorSeconds()
        if !unwatched { mirror.watch() }
        try mirror.start()
        mirror.replaceDropIns([DropIn(name: "bench.conf", file: "bench.conf", path: path)])
        mirror.whenFirstPassDone { eventCount.notify() }
        eventCount.wait(after: ticket, until: nil)
        let seconds = Double(monotonicNanoseconds() - start) / 1e9
        mirror.stop()
        return (seconds, processorSeconds() - processor, mirror.counters)
    }

    /// Of this process, all threads.
    private func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
