internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// Clients that a server must bear: they come with the value, go on until `leave`, and never wait for the
/// server longer than connecting takes.
final class Crowd: Sendable {
    enum Kind: String, CaseIterable {
        /// Connect and never speak.
        case silent = "silent connections"
        /// Send the fields of a head one by one and never the last.
        case slowHeads = "slowloris heads"
        /// Ask for a big file and take some KiB of it a second.
        case slowReaders = "slow readers"
        /// Shake hands in full and go, as fast as they can.
        case flood = "handshake flood"
    }

    private static let floodThreads = 4
    private let stopSign = StopSign()
    private let threads: Lock<[SystemThread]>

    init(_ kind: Kind, at peer: BenchServer, _ tree: ServedTree, _ size: Contest.Size) throws {
        threads = Lock([])
        switch kind {
        case .silent:
            try stay(size.silent, every: 0.5) {
                try TLSClient(connectingTo: "127.0.0.1", port: peer.port)
            } act: { _ in
            }
        case .slowHeads:
            try stay(size.slowHeads, every: 0.5) {
                let client = try peer.client()
                try client.send("GET \(peer.path(tree.small)) HTTP/1.1\r\n")
                return client
            } act: { client in
                try client.send("X-Slow: yes\r\n")
            }
        case .slowReaders:
            var options = TLSClient.Options()
            options.receiveBuffer = 4096
            try stay(size.slowReaders, every: 0.5) { [options] in
                let client = try peer.client(options)
                try client.send("GET \(peer.path(tree.big[0])) HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return client
            } act: { client in
                _ = try client.receiveRaw(upTo: 4096)
            }
        case .flood:
            for number in 0..<Crowd.floodThreads { try flood(number, peer) }
        }
    }

    deinit { leave() }

    /// Ends all connections.
    func leave() {
        stopSign.stop()
        for thread in threads.withLock({ $0 }) { thread.join() }
    }

    /// How many the server has to bear at once.
    static func count(_ kind: Kind, _ size: Contest.Size) -> Int {
        switch kind {
        case .silent: size.silent
        case .slowHeads: size.slowHeads
        case .slowReaders: size.slowReaders
        case .flood: floodThreads
        }
    }

    /// Clients that act now and then. Whom the server has sent away comes again: it is free to do so.
    ///
    /// Returns when all are there.
    private func stay(
        _ count: Int, every seconds: Double, arrive: @escaping @Sendable () throws -> TLSClient,
        act: @escaping @Sendable (TLSClient) throws -> Void
    ) throws {
        nonisolated(unsafe) let first = try (0..<count).map { _ in try arrive() }
        let stopSign = stopSign
        try begin("crowd") {
            // Used by this thread alone from here on.
            var clients: [TLSClient?] = first
            while !stopSign.wait(seconds: seconds) {
                for index in clients.indices where !stopSign.isUp {
                    do {
                        if clients[index] == nil { clients[index] = try arrive() }
                        if let client = clients[index] { try act(client) }
                    } catch {
                        clients[index] = nil
                    }
                }
            }
        }
    }

    private func flood(_ number: Int, _ peer: BenchServer) throws {
        let stopSign = stopSign
        try begin("flood-\(number)") {
            while !stopSign.isUp {
                // A server may turn some away; what counts is what others notice.
                guard let client = try? peer.client() else { continue }
                client.resetWhenDone()
            }
        }
    }

    private func begin(_ name: String, _ body: @escaping @Sendable () -> Void) throws {
        let thread = try SystemThread(name: name, body)
        threads.withLock { $0.append(thread) }
    }
}
