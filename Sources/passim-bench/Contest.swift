internal import PassimTestKit

/// Ours and the peer, started anew for one benchmark, over the same files.
struct Contest: Sendable {
    /// How much is measured.
    struct Size: Sendable {
        /// Of A B A B …
        var rounds = 5
        var bigMebibytes = 1024
        var requestSeconds = 4
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
            rounds: 1, bigMebibytes: 32, requestSeconds: 1, handshakes: 200, idle: 400, silent: 200,
            slowHeads: 40,
            slowReaders: 20, newClients: 30, smallRequests: 400)
    }

    let tree: ServedTree
    let size: Size
    let ours: Peer
    let peer: Peer

    init(_ tree: ServedTree, _ size: Size, passimd: String) throws {
        self.tree = tree
        self.size = size
        ours = try Peer.passimd(passimd, serving: tree)
        peer = try Peer.nginx(serving: tree)
    }

    /// The medians of a figure that is taken in turns: A B A B …
    func alternate(_ figure: (Peer) throws -> Double) rethrows -> (ours: Double, peer: Double) {
        var figures: (ours: [Double], peer: [Double]) = ([], [])
        for _ in 0..<size.rounds {
            figures.ours.append(try figure(ours))
            figures.peer.append(try figure(peer))
        }
        return (median(figures.ours), median(figures.peer))
    }
}
