internal import PassimCrypto
internal import PassimSystem
internal import PassimTestKit

/// Small requests for what is in the page cache, beside downloads of big files that a slow disk has to read first.
enum ColdBenchmark {
    private static let downloads = 8

    /// Beside nginx as it is, and beside nginx whose threads read (`aio threads`).
    static func measure(_ tree: ServedTree, _ size: Contest.Size, passimd: String) throws -> [Report.Row] {
        guard hasFUSE else { throw TestFailure("the part cold needs root, FUSE and bindfs(1)") }
        let disk = try SlowDisk(in: tree, files: downloads, mebibytes: size.coldMebibytes)
        return try [false, true].map { threads in
            let contest = try Contest(tree, size, passimd: passimd, more: disk.files, nginxThreads: threads)
            return try contest.alternate(
                "small request beside cold ones", "ms p99", target: .atMost(20),
                note: "4 KiB, cached, beside \(downloads) downloads of \(size.coldMebibytes) MiB from a slow "
                    + "disk; nginx \(threads ? "with" : "without") aio threads"
            ) { peer in try percentile(99, disk.whileSlow { try beside(disk, peer, contest) }) }
        }
    }

    /// - Returns: milliseconds of each small request.
    private static func beside(_ disk: SlowDisk, _ peer: BenchServer, _ contest: Contest) throws -> [Double] {
        let stopSign = StopSign()
        let threads = try disk.files.map { file in
            try SystemThread(name: "download") {
                while !stopSign.isUp { try? MixedBenchmark.download(file, from: peer, until: stopSign) }
            }
        }
        defer {
            stopSign.stop()
            for thread in threads { thread.join() }
        }
        return try MixedBenchmark.smallRequests(
            contest.size.smallRequests, at: peer, contest.tree.small, seconds: 10)
    }
}
