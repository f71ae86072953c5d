internal import ArgumentParser
internal import Glibc
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

/// `passim-bench index`: memory per entry, inserts and lookups of the index, beside a `Dictionary` under one
/// lock.
///
/// Rounds of ours and of the peer alternate, and medians count. The machine may be busy, so the target of
/// 2 million lookups a second on 2 threads is held against CPU time: 1 µs each.
struct IndexBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "The digest index beside a Dictionary under one lock.")

    @OptionGroup var synthetic: SyntheticOptions

    @OptionGroup var report: ReportOptions

    func run() throws {
        try measure().tell(json: report.json)
    }

    func measure() -> Report {
        let files = synthetic.files
        let index = DigestIndex()
        let ours = fill(files) { files.insert($1, below: $0, into: index) }
        let peer = Lock<[Digest: PeerEntry]>([:])
        let theirs = fill(files) { path, names in
            for (number, name) in names {
                let entry = PeerEntry(identity: files.identity(number), path: path.appending(name), flags: [])
                peer.withLock { $0[files.digest(number)] = entry }
            }
        }
        precondition(index.count == files.count && peer.withLock { $0.count } == files.count)

        var rows = [
            Report.Row(
                what: "memory, all told", unit: "B/entry", ours: ours.bytesPerEntry,
                peer: theirs.bytesPerEntry,
                target: .atMost(130)),
            Report.Row(what: "CPU of an insert, 100 a batch", unit: "ns", ours: ours.cost, peer: theirs.cost),
        ]
        for threads in [1, 2] {
            for kind in Lookup.allCases {
                let pairs = (0..<synthetic.rounds).map { round in
                    (
                        ours: lookups(files, kind, threads, round) { index.find($0) != nil },
                        peer: lookups(files, kind, threads, round) { digest in
                            peer.withLock { $0[digest] } != nil
                        }
                    )
                }
                let what = "\(kind.rawValue), \(threads) thread\(threads == 1 ? "" : "s")"
                rows.append(
                    Report.Row(
                        what: "lookups, \(what)", unit: "M/s", ours: median(pairs.map(\.ours.rate)),
                        peer: median(pairs.map(\.peer.rate))))
                rows.append(
                    Report.Row(
                        what: "CPU of a lookup, \(what)", unit: "ns", ours: median(pairs.map(\.ours.cost)),
                        peer: median(pairs.map(\.peer.cost)),
                        target: threads == 2 ? .atMost(1000) : nil))
            }
        }
        // As the questions of the network are answered.
        let byPrefix = (0..<synthetic.rounds).map { round in
            lookups(files, .hits, 1, round) { digest in
                index.contains(DigestPrefix(digest)) { !$0.flags.contains(.disabled) }
            }
        }
        rows.append(
            Report.Row(
                what: "CPU of a lookup by 60 digits, hits, 1 thread", unit: "ns",
                ours: median(byPrefix.map(\.cost))))
        return Report(
            name: "index, \(files.count) entries", peer: "Dictionary<Digest, entry with its path> and a lock",
            rows: rows)
    }

    /// What the peer keeps of a file.
    private struct PeerEntry: Sendable {
        var identity: FileIdentity
        var path: RawName
        var flags: ItemFlags
    }

    private enum Lookup: String, CaseIterable {
        case hits, misses
    }

    // MARK: - Measuring

    /// Calls `body` for each directory, and measures what that takes: memory, and CPU time in nanoseconds.
    private func fill(
        _ files: SyntheticFiles, _ body: (RawName, [(number: Int, name: RawName)]) -> Void
    ) -> (bytesPerEntry: Double, cost: Double) {
        let before = residentBytes()
        var used: UInt64 = 0
        files.forEachDirectory { path, names in
            let start = processorNanoseconds()
            body(path, names)
            used += processorNanoseconds() - start
        }
        let cost = Double(used) / Double(files.count)
        return (Double(residentBytes() - before) / Double(files.count), cost)
    }

    /// - Returns: millions a second, of all threads together, and CPU time of one in nanoseconds.
    private func lookups(
        _ files: SyntheticFiles, _ kind: Lookup, _ threads: Int, _ round: Int,
        _ find: @escaping @Sendable (Digest) -> Bool
    ) -> (rate: Double, cost: Double) {
        let each = 1_000_000
        let used = processorNanoseconds()
        let start = monotonicNanoseconds()
        let workers = (0..<threads).map { thread in
            try! SystemThread(name: "lookups") {
                var random = UInt64(round * threads + thread) << 32
                var found = 0
                for _ in 0..<each {
                    random &+= 1
                    let number = Int(mixed(random) % UInt64(files.count))
                    if find(files.digest(kind == .hits ? number : number + files.count)) { found += 1 }
                }
                precondition(found == (kind == .hits ? each : 0))
            }
        }
        for worker in workers { worker.join() }
        let count = Double(threads * each)
        return (
            count * 1000 / Double(monotonicNanoseconds() - start),
            Double(processorNanoseconds() - used) / count
        )
    }

    private func residentBytes() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, CInt(line.count), file) != nil else { return 0 }
        let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            .split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * sysconf(CInt(_SC_PAGESIZE)) : 0
    }
}
