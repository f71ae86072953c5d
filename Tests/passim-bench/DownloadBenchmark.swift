/// CPU time of downloads, by a client that decrypts and forgets.
enum DownloadBenchmark {
    static func measure(_ contest: Contest) throws -> [Report.Row] {
        try [(1, 0.75), (2, 0.70)].map { count, target in
            try contest.alternate(
                count == 1 ? "one big download" : "\(count) big downloads at once", "ms CPU/GiB",
                target: .ratioAtMost(target), note: "\(contest.size.bigMebibytes) MiB each"
            ) { peer in
                let time = try peer.counters.processorTime { try download(count, from: peer, contest.tree) }
                let bytes = contest.tree.big[..<count].reduce(0) { $0 + $1.size }
                return time / 1e6 * Double(1 << 30) / Double(bytes)
            }
        }
    }

    /// All at once; the files in turn.
    static func download(_ count: Int, from peer: BenchServer, _ tree: ServedTree) throws {
        try inParallel(count) { number in
            try Exchange.withBuffer { buffer in
                let file = tree.big[number % tree.big.count]
                try Exchange.get(peer.client(), peer.path(file), buffer)
            }
        }
    }
}
