internal import PassimTestKit

/// Resident memory while sending, and of connections that wait.
enum MemoryBenchmark {
    static func whileSending(_ contest: Contest) throws -> [Report.Row] {
        let row = try contest.alternate(
            "peak RSS, 4 big downloads", "MiB", target: .atMost(24),
            note: "\(contest.size.bigMebibytes) MiB each, all at once; the peer's processes added up"
        ) { peer in
            try peer.counters.forgetPeak()
            try DownloadBenchmark.download(4, from: peer, contest.tree)
            return try peer.counters.peakResidentBytes() / 1_048_576
        }
        return [row]
    }

    /// Connections that have made one request each and may make another.
    static func idle(_ contest: Contest) throws -> [Report.Row] {
        let count = contest.size.idle
        // What the first requests of a server's life make is no connection's. One measurement: later ones
        // would find the memory of those before.
        let figures = try [contest.ours, contest.peer].map { peer in
            _ = try connections(64, to: peer, contest.tree.small)
            let before = try peer.counters.residentBytes()
            let open = try connections(count, to: peer, contest.tree.small)
            let after = try peer.counters.residentBytes()
            return try withExtendedLifetime(open) {
                // They must still be there, or nothing was measured.
                try Exchange.withBuffer { buffer in
                    for client in [open[0], open[count - 1]] {
                        try Exchange.get(client, peer.path(contest.tree.small), buffer)
                    }
                }
                return (after - before) / 1024 / Double(count)
            }
        }
        return [
            Report.Row(
                what: "idle keep-alive connection", unit: "KiB RSS", ours: figures[0], peer: figures[1],
                target: .atMost(16), note: "\(count) connections after one request each")
        ]
    }

    private static func connections(
        _ count: Int, to peer: BenchServer, _ file: ServedTree.File
    ) throws -> [TLSClient] {
        try Exchange.withBuffer { buffer in
            try (0..<count).map { _ in
                let client = try peer.client()
                try Exchange.get(client, peer.path(file), buffer)
                return client
            }
        }
    }
}
