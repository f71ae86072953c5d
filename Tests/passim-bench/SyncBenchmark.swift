internal import ArgumentParser
internal import Glibc
internal import PassimCore
internal import PassimCrypto
internal import PassimSystem
internal import PassimTestKit

/// `passim-bench sync`: `passim mirror sync` beside `aria2c -i` and then `sha256sum -c`, over loopback.
struct SyncBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Filling a mirror, beside aria2c and sha256sum.")

    @Option(help: "Files, 1 MiB each.")
    var files = 2000

    @Option(help: "Rounds of each kind.")
    var rounds = 3

    @Option(help: "The passim to measure, a release build; by default the one beside this program.")
    var passim: String?

    @OptionGroup var report: ReportOptions

    func validate() throws {
        guard files > 0, rounds > 0 else { throw ValidationError("the numbers are 1 or more") }
    }

    func run() throws {
        try measure().tell(json: report.json)
    }

    private struct Cost {
        /// Of all processes and threads, in the kernel too.
        var processor: Double
        var wall: Double
    }

    func measure() throws -> Report {
        let tree = try TemporaryTree()
        try makeSource(tree)
        let server = try ChildProcess(
            ["/usr/bin/python3", "-c", SyncBenchmark.server, tree.absolute("source")])
        let line = try server.waitForLine { $0.hasPrefix("port ") }.line
        let url = "http://127.0.0.1:\(line.dropFirst("port ".count))/"
        let list = (0..<files).map { "\(url)\(SyncBenchmark.name($0))\n  out=\(SyncBenchmark.name($0))\n" }
        try tree.write("list", list.joined())
        let program = try passim ?? Products.path(of: "passim")
        let pairs = try (0..<rounds).map { _ in
            let peer = try cost(
                tree,
                [
                    "bash", "-ec",
                    "aria2c -q -j 4 --file-allocation=none -i ../list && sha256sum -c --quiet ../source/SUMS",
                ])
            return (ours: try cost(tree, [program, "mirror", "sync", "--jobs", "4", url, "."]), peer: peer)
        }
        server.kill(SIGKILL)
        _ = try server.wait()
        func row(_ what: String, _ value: (Cost) -> Double, _ target: Report.Target?) -> Report.Row {
            Report.Row(
                what: what, unit: "s", ours: median(pairs.map { value($0.ours) }),
                peer: median(pairs.map { value($0.peer) }), target: target, note: "\(files) files of 1 MiB",
                pairedRatio: median(pairs.map { value($0.ours) / value($0.peer) }))
        }
        return Report(
            name: "sync", peer: "aria2c -j 4 -i, then sha256sum -c",
            rows: [
                row("filling a mirror, CPU", \.processor, .ratioAtMost(0.7)),
                row("filling a mirror, wall time", \.wall, nil),
            ])
    }

    private static func name(_ number: Int) -> String { "firmware-\(number).cab" }

    private func makeSource(_ tree: TemporaryTree) throws {
        var content = [UInt8](repeating: 0, count: 1 << 20)
        for index in content.indices { content[index] = UInt8(truncatingIfNeeded: index &* 167 >> 3) }
        var sums = ""
        var manifest = ""
        for number in 0..<files {
            withUnsafeBytes(of: number) { content.replaceSubrange(0..<8, with: $0) }
            try tree.write("source/\(SyncBenchmark.name(number))", content)
            let digest = SHA256Hasher.digest(of: content)
            sums += "\(digest)  \(SyncBenchmark.name(number))\n"
            manifest += "\(SyncBenchmark.name(number)),\(digest),\(content.count)\n"
        }
        try tree.write("source/SUMS", sums)
        try tree.write("source/PULP_MANIFEST", manifest)
    }

    /// In a directory that is empty, and is gone afterwards.
    private func cost(_ tree: TemporaryTree, _ arguments: [String]) throws -> Cost {
        try tree.makeDirectory("target")
        var setting = ChildProcess.Setting()
        setting.workingDirectory = tree.absolute("target")
        let (before, start) = (SyncBenchmark.processorOfChildren(), monotonicNanoseconds())
        try Command.succeed(arguments, setting, seconds: 1200)
        let cost = Cost(
            processor: SyncBenchmark.processorOfChildren() - before,
            wall: Double(monotonicNanoseconds() - start) / 1e9)
        try Command.succeed(["rm", "-r", tree.absolute("target")], seconds: 300)
        return cost
    }

    /// Seconds of the children that have been waited for, and of theirs.
    private static func processorOfChildren() -> Double {
        var usage = rusage()
        getrusage(RUSAGE_CHILDREN.rawValue, &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) {
            $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
        }
    }

    /// Keeps connections, as a CDN does.
    private static let server = """
        if True: import functools, http.server, sys
        class Quiet(http.server.SimpleHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            disable_nagle_algorithm = True
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(
            ('127.0.0.1', 0), functools.partial(Quiet, directory=sys.argv[1]))
        print('port', server.server_address[1], file=sys.stderr, flush=True)
        server.serve_forever()
        """
}
