internal import PassimCrypto
internal import PassimTestKit

/// CPU time of a connection with a full handshake and one small request.
enum HandshakeBenchmark {
    private static let threads = 4

    static func measure(_ contest: Contest) throws -> [Report.Row] {
        let each = contest.size.handshakes / threads
        let row = try contest.alternate(
            "full handshake and request", "µs CPU", target: .ratioAtMost(0.85),
            note: "\(threads) clients at once, \(each * threads) connections a round, none resumed"
        ) { peer in
            let time = try peer.counters.processorTime {
                try inParallel(threads) { _ in
                    try Exchange.withBuffer { buffer in
                        for _ in 0..<each { try visit(peer, contest.tree.small, buffer) }
                    }
                }
            }
            return time / 1000 / Double(each * threads)
        }
        return [row]
    }

    private static func visit(
        _ peer: BenchServer, _ file: ServedTree.File, _ buffer: UnsafeMutableRawBufferPointer
    ) throws {
        let client = try peer.client()
        try Exchange.get(client, peer.path(file), buffer)
        guard !client.isResumed, client.version == .tls13 else {
            throw TestFailure("not a full handshake of TLS 1.3 with \(peer.name)")
        }
        client.close()
    }
}
