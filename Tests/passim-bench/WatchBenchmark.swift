internal import ArgumentParser
internal import PassimCore
internal import PassimCrypto
internal import PassimSystem
internal import PassimTestKit

/// `passim-bench watch`: how soon a change shows, and what it costs to wait for one.
struct WatchBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "From close(2) to a successful GET; what an idle daemon and each directory cost.")

    @Option(help: "Files that are written one after another, each waited for.")
    var files = 400

    @Option(help: "Files that are written at once.")
    var burst = 10_000

    @Option(help: "Files that are watched while nothing happens, 100 a directory.")
    var idleFiles = 100_000

    @Option(help: "Seconds in which nothing happens.")
    var idleSeconds = 10

    @Option(help: "Directories, and files, whose memory is measured.")
    var population = 20_000

    @OptionGroup var report: ReportOptions

    func validate() throws {
        guard files > 0, burst > 0, idleFiles > 0, idleSeconds > 0, population > 0 else {
            throw ValidationError("the numbers are 1 or more")
        }
    }

    func run() throws {
        try Interruption.handle()
        try measure().tell(json: report.json)
    }

    func measure() throws -> Report {
        Report(name: "watch", peer: "nobody", rows: try latency() + [try idle()] + memory())
    }

    // MARK: - How soon

    private func latency() throws -> [Report.Row] {
        let site = try DaemonSite()
        try site.share()
        let daemon = try site.start()
        let connection = try daemon.connect()
        var generator = SeededGenerator(seed: 1)
        let waits = try (0..<files).map { number in
            let content = generator.bytes(4096)
            try site.tree.write("mirror/d\(number % 10)/f\(number)", content)
            return try wait(for: SHA256Hasher.digest(of: content), connection) * 1000
        }
        let contents = (0..<burst).map { _ in generator.bytes(4096) }
        let start = monotonicNanoseconds()
        for (number, content) in contents.enumerated() {
            try site.tree.write("mirror/burst/f\(number)", content)
        }
        let written = monotonicNanoseconds()
        for content in contents { _ = try wait(for: SHA256Hasher.digest(of: content), connection) }
        let served = monotonicNanoseconds()
        return [
            Report.Row(
                what: "from close(2) to a successful GET, p50", unit: "ms", ours: percentile(50, waits),
                target: .atMost(100), note: "\(files) files of 4 KiB, one after another"),
            Report.Row(
                what: "from close(2) to a successful GET, p99", unit: "ms", ours: percentile(99, waits),
                target: .atMost(100)),
            Report.Row(
                what: "burst of files, from the last close(2)", unit: "ms",
                ours: Double(served - written) / 1e6,
                note: "\(burst) files of 4 KiB, written in \((written - start) / 1_000_000) ms"),
        ]
    }

    /// - Returns: seconds until the digest was served.
    private func wait(for digest: Digest, _ connection: HTTPExchange) throws -> Double {
        let start = monotonicNanoseconds()
        while try connection.request("GET", "/file?sha256=\(digest.hex)").status != 200 {
            guard monotonicNanoseconds() < start + 30_000_000_000 else {
                throw TestFailure("a file was not served within 30 s of its close(2)")
            }
        }
        return Double(monotonicNanoseconds() - start) / 1e9
    }

    // MARK: - What waiting costs

    private func idle() throws -> Report.Row {
        let site = try makeSite(directories: (idleFiles + 99) / 100, filesEach: 100)
        let daemon = try site.start()
        try daemon.firstPass()
        let counters = try ProcessCounters(root: daemon.process.identifier)
        // What the start leaves to be done is done.
        _ = try Footprint.settled(counters)
        let before = counters.processorTime
        Footprint.rest(seconds: idleSeconds)
        return Report.Row(
            what: "CPU while nothing happens", unit: "ms/s",
            ours: Double(counters.processorTime - before) / 1e6 / Double(idleSeconds), target: .atMost(0.5),
            note: "\(idleFiles) files watched, \(idleSeconds) s; libdispatch wakes once a second")
    }

    private func memory() throws -> [Report.Row] {
        let few = try resident(directories: 1, filesEach: 1)
        let files = try resident(directories: 1, filesEach: population)
        let directories = try resident(directories: population, filesEach: 1)
        return [
            Report.Row(
                what: "memory of a file", unit: "B RSS", ours: (files - few) / Double(population),
                note: "\(population) files in one directory"),
            Report.Row(
                what: "memory of a watched directory", unit: "B RSS",
                ours: (directories - files) / Double(population),
                note: "\(population) directories of one file; the kernel's own memory is not in it"),
        ]
    }

    private func resident(directories: Int, filesEach: Int) throws -> Double {
        let site = try makeSite(directories: directories, filesEach: filesEach)
        // A second start: hashing leaves memory behind that is neither a file's nor a directory's.
        let first = try site.start()
        try first.firstPass()
        try first.process.terminate()
        let daemon = try site.start()
        try daemon.firstPass()
        return try Footprint.settled(ProcessCounters(root: daemon.process.identifier))
    }

    private func makeSite(directories: Int, filesEach: Int) throws -> DaemonSite {
        let site = try DaemonSite()
        try site.share()
        for directory in 0..<directories {
            for file in 0..<filesEach {
                try site.put("directory-\(directory)/file-\(file).cab", "\(directory) \(file)")
            }
        }
        return site
    }
}
