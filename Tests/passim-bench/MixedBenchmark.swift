internal import PassimCrypto
internal import PassimSystem
internal import PassimTestKit

/// Small requests on connections that stay, beside two big downloads and a slow reader.
enum MixedBenchmark {
    /// So many that all threads of a server have some.
    private static let connections = 8

    static func measure(_ contest: Contest) throws -> [Report.Row] {
        let row = try contest.alternate(
            "small request beside big ones", "ms p99", target: .ratioAtMost(2),
            note: "4 KiB on \(connections) connections in turn, beside 2 downloads and a slow reader"
        ) { peer in try percentile(99, besideOthers(peer, contest)) }
        return [row]
    }

    /// - Returns: milliseconds of each small request.
    private static func besideOthers(_ peer: BenchServer, _ contest: Contest) throws -> [Double] {
        var size = contest.size
        size.slowReaders = 1
        let slowReader = try Crowd(.slowReaders, at: peer, contest.tree, size)
        defer { slowReader.leave() }
        let stopSign = StopSign()
        let downloads = try contest.tree.big.map { file in
            try SystemThread(name: "download") {
                // One that ends is begun again: there are two as long as it takes.
                while !stopSign.isUp { try? download(file, from: peer, until: stopSign) }
            }
        }
        defer {
            stopSign.stop()
            for download in downloads { download.join() }
        }
        return try smallRequests(contest.size.smallRequests, at: peer, contest.tree.small, seconds: 10)
    }

    /// - Returns: milliseconds of each.
    static func smallRequests(
        _ count: Int, at peer: BenchServer, _ file: ServedTree.File, seconds: Double
    ) throws -> [Double] {
        let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
        return try Exchange.withBuffer { buffer in
            let clients = try (0..<connections).map { _ in try peer.client() }
            var times: [Double] = []
            while times.isEmpty || times.count < count && monotonicNanoseconds() < end {
                let start = monotonicNanoseconds()
                try Exchange.get(clients[times.count % connections], peer.path(file), buffer)
                times.append(Double(monotonicNanoseconds() - start) / 1e6)
            }
            return times
        }
    }

    static func download(_ file: ServedTree.File, from peer: BenchServer, until stopSign: StopSign) throws {
        var options = TLSClient.Options()
        // A slow disk may let it wait.
        options.seconds = 60
        let client = try peer.client(options)
        try client.send("GET \(peer.path(file)) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        try Exchange.withBuffer { buffer in
            while !stopSign.isUp, try client.receive(into: buffer) > 0 {}
        }
    }
}
