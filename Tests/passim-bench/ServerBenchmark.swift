internal import ArgumentParser
internal import Glibc
internal import PassimSystem
internal import PassimTestKit

/// `passim-bench server`: what serving costs, beside nginx.
struct ServerBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "server", abstract: "The daemon beside nginx: CPU, memory, and patience.")

    enum Part: String, CaseIterable, ExpressibleByArgument {
        case requests, handshakes, downloads, sending, idle, silent, mixed, loads, cold
    }

    @Argument(help: "Which; all where none is named.")
    var parts: [Part] = []

    @Option(help: "The passimd to measure, a release build; by default the one beside this program.")
    var passimd: String?

    @Option(help: "Rounds of A B A B …")
    var rounds: Int?

    @Flag(help: "Small sizes: shows that everything works, and takes less than a minute.")
    var quick = false

    @OptionGroup var report: ReportOptions

    func validate() throws {
        guard rounds ?? 1 > 0 else { throw ValidationError("--rounds takes 1 or more") }
    }

    func run() throws {
        try Interruption.handle()
        try measure().tell(json: report.json)
    }

    func measure() throws -> Report {
        var size = quick ? Contest.Size.quick : Contest.Size()
        if let rounds { size.rounds = rounds }
        let program = passimd ?? ServerBenchmark.besideThisProgram("passimd")
        // Of the crowds, each client takes one.
        let wanted = size.idle + size.silent + size.slowHeads + size.slowReaders + 256
        let limit = raiseDescriptorLimit(to: wanted)
        guard limit >= wanted else {
            throw ValidationError("needs \(wanted) open files, and may have \(limit) (ulimit -n)")
        }
        let tree = try ServedTree(bigMebibytes: size.bigMebibytes)
        var report = Report(name: "server", peer: try ServerBenchmark.nginxVersion())
        for part in parts.isEmpty ? Part.allCases : parts {
            ServerBenchmark.say("measuring: \(part)\n")
            report.rows += try part.measure(tree, size, passimd: program)
        }
        return report
    }

    private static func besideThisProgram(_ name: String) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            let count = readlink("/proc/self/exe", buffer.baseAddress!, buffer.count)
            let own = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            return own.prefix(through: own.lastIndex(of: "/") ?? own.startIndex) + name
        }
    }

    /// What goes on, for whoever waits.
    private static func say(_ text: String) {
        var text = text
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func nginxVersion() throws -> String {
        // It says "nginx version: nginx/…", to standard error.
        let text = try Command.succeed(["nginx", "-v"]).errorText
        return String(text.split(separator: "\n").first?.split(separator: " ").last ?? "nginx")
    }
}

extension ServerBenchmark.Part {
    func measure(_ tree: ServedTree, _ size: Contest.Size, passimd: String) throws -> [Report.Row] {
        func contest() throws -> Contest { try Contest(tree, size, passimd: passimd) }
        return switch self {
        case .requests: try RequestBenchmark.measure(contest())
        case .handshakes: try HandshakeBenchmark.measure(contest())
        case .downloads: try DownloadBenchmark.measure(contest())
        case .sending: try MemoryBenchmark.whileSending(contest())
        case .idle: try MemoryBenchmark.idle(contest())
        case .silent: try CrowdBenchmark.silent(contest())
        case .mixed: try MixedBenchmark.measure(contest())
        case .loads: try CrowdBenchmark.loads(contest())
        // It has a disk of its own.
        case .cold: try ColdBenchmark.measure(tree, size, passimd: passimd)
        }
    }
}
