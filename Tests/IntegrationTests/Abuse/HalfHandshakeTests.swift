import PassimCore
import PassimTestKit
import Testing

/// Clients that begin and do not go on: what each costs.
@Suite(.timeLimit(.minutes(10)))
struct HalfHandshakeTests {
    private static let count = 1000

    /// KiB that the daemon has taken for each of so many clients.
    private func cost(_ begin: (TLSClient) throws -> Void) throws -> Double {
        let abused = try AbusedDaemon(["MaxConnectionsPerAddress=0"])
        // What the first ones have it take for good.
        for _ in 0..<20 { try abused.client().handshake() }
        let before = try abused.daemon.status("VmRSS")
        let clients = try (0..<HalfHandshakeTests.count).map { _ in
            let client = try abused.client()
            try begin(client)
            return client
        }
        // Another one is served behind them, so all have been read.
        #expect(try abused.exchange().request(AbusedDaemon.request).status == 200)
        let growth = try abused.daemon.status("VmRSS") - before
        withExtendedLifetime(clients) {}
        return Double(growth) / Double(HalfHandshakeTests.count)
    }

    @Test func halfAHelloCostsNothingOfTLS() throws {
        let hello = ClientHello().records()
        let cost = try cost { try $0.sendRaw(Array(hello[..<(hello.count / 2)])) }
        #expect(isSanitized || cost < 6)
        print("half a hello: \(cost) KiB a connection")
    }

    @Test func helloWithoutWhatFollowsCostsAsLittleAsOpenSSLAllows() throws {
        let cost = try cost { try $0.beginHandshake() }
        #expect(isSanitized || cost < 48)
        print("a hello and no more: \(cost) KiB a connection")
    }
}
