internal import PassimTestKit

/// Our server and the peer, started anew for one benchmark, over the same files.
struct Contest: Sendable {
    /// How much is measured.
    struct Size: Sendable {
        /// Of A B A B …
        var rounds = 7
        var bigMebibytes = 1024
        /// Of each file of a slow disk.
        var coldMebibytes = 1024
        var requestSeconds = 3
        var handshakes = 1200
        /// Keep-alive TLS connections that wait for another request.
        var idle = 2000
        /// Connections that never speak.
        var silent = 1000
        var slowHeads = 200
        var slowReaders = 100
        /// New clients that are timed under a load.
        var newClients = 200
        /// Small requests that are timed beside downloads.
        var smallRequests = 4000

        /// Shows that everything works; the figures mean little.
        static let quick = Size(
            rounds: 1, bigMebibytes: 32, coldMebibytes: 32, requestSeconds: 1, handshakes: 200, idle: 400,
            silent: 200,
            slowHeads: 40,
            slowReaders: 20, newClients: 30, smallRequests: 400)
    }

    let tree: ServedTree
    let size: Size
    let ours: BenchServer
    let peer: BenchServer

    /// - Parameter more: files that both have to serve besides the tree's own.
    /// - Parameter nginxThreads: nginx reads files in threads (`aio threads`).
    init(
        _ tree: ServedTree, _ size: Size, passimd: String, more: [ServedTree.File] = [],
        nginxThreads: Bool = false
    ) throws {
        self.tree = tree
        self.size = size
        ours = try BenchServer.passimd(passimd, serving: tree, more)
        peer = try BenchServer.nginx(serving: tree, more, threads: nginxThreads)
    }

    /// Takes a figure in turns, A B A B …
    ///
    /// - Returns: a row with the medians of both and of their ratio.
    func alternate(
        _ what: String, _ unit: String, target: Report.Target, note: String,
        _ figure: (BenchServer) throws -> Double
    ) rethrows -> Report.Row {
        var figures: [(ours: Double, peer: Double)] = []
        for _ in 0..<size.rounds { figures.append(try (figure(ours), figure(peer))) }
        return Report.Row(
            what: what, unit: unit, ours: median(figures.map(\.ours)), peer: median(figures.map(\.peer)),
            target: target, note: note, pairedRatio: median(figures.map { $0.ours / $0.peer }))
    }
}
