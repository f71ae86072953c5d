internal import Glibc
internal import PassimCrypto
internal import PassimTestKit

/// Hundreds of connections of one host that begin, at each of the places where one can stop, and do not go on.
struct HandshakeAttack: Attack {
    let name = "silent and half handshakes"
    private let hosts: SoakHosts

    init(_ hosts: SoakHosts) {
        self.hosts = hosts
    }

    func perform(_ random: inout SeededGenerator) throws {
        let hello = ClientHello().records()
        var clients: [TLSClient] = []
        for _ in 0..<400 {
            // One address has 256 places; what is past them is closed, now or later.
            guard
                let client = try? TLSClient(
                    connectingTo: hosts.attacker.address, port: hosts.mirror.port)
            else { continue }
            switch Int.random(in: 0..<4, using: &random) {
            case 0: break
            case 1: try? client.sendRaw(Array(hello.prefix(Int.random(in: 1..<hello.count, using: &random))))
            case 2: try? client.beginHandshake()
            default: try? client.sendRaw(random.bytes(Int.random(in: 1...500, using: &random)))
            }
            clients.append(client)
        }
        guard clients.count >= 200 else {
            throw TestFailure("\(clients.count) of 400 connections were taken")
        }
        // A new client of another host is served beside them.
        try hosts.expectService(from: hosts.erraticClient)
        usleep(UInt32.random(in: 0...2_000_000, using: &random))
        for client in clients where random.chance(50) { client.resetWhenDone() }
    }
}
