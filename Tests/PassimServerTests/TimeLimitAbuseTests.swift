import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// Each event in each state of a connection, with limits of a second: what the connection took is
/// given back, though the client never closes it, and others are served meanwhile.
struct TimeLimitAbuseTests {
    private static let short: UInt64 = 1_000_000_000

    @Test(arguments: RudeClient.Event.allCases)
    func whatClientsLeaveInAnyStateIsGivenBack(event: RudeClient.Event) async throws {
        // Nobody ever says who has a file: the server's own limit ends that.
        try await withServer(lookup: TestLookup()) { settings in
            settings.timeLimits.handshake = TimeLimitAbuseTests.short
            settings.timeLimits.head = TimeLimitAbuseTests.short
            settings.timeLimits.idle = TimeLimitAbuseTests.short
            settings.timeLimits.lookup = TimeLimitAbuseTests.short
            settings.timeLimits.linger = TimeLimitAbuseTests.short
            settings.timeLimits.slowWindow = TimeLimitAbuseTests.short
            settings.timeLimits.slowBytes = 1024
        } _: { test in
            // On a thread of its own: it blocks.
            try await onOwnThread { try TimeLimitAbuseTests.abuse(test, event) }
        }
    }

    private static func abuse(_ test: TestServer, _ event: RudeClient.Event) throws {
        var random = SeededGenerator()
        let size = 12 << 20
        let targets = RudeClient.Targets(
            small: try test.add("small", [1, 2, 3]), large: try test.addSparse("large", size: UInt64(size)),
            largeSize: size, unknown: Digest(of: "nobody's"))
        var clients: [RudeClient] = []
        for state in RudeClient.State.allCases {
            for _ in 0..<2 {
                let client = try arrive(state, test, targets)
                let body = try? client.act(event, &random)
                if event == .halfClose, state == .bodyStreaming, let body { #expect(body <= size) }
                clients.append(client)
            }
        }
        let isGivenBack = try eventually {
            if event == .slowDrip { for client in clients { client.drip() } }
            let others = try test.fetch(targets.small).body
            #expect(others == [1, 2, 3])
            return test.server.connectionCount == 0
        }
        #expect(isGivenBack, "\(event.rawValue), \(random)")
        #expect(eventually { test.openDescriptors == 0 }, "\(event.rawValue)")
        withExtendedLifetime(clients) {}
    }

    /// On a busy machine a limit may be over before the client is where it wants.
    private static func arrive(
        _ state: RudeClient.State, _ test: TestServer, _ targets: RudeClient.Targets
    ) throws -> RudeClient {
        for _ in 0..<20 {
            if let client = try? RudeClient(state, port: test.port, targets) { return client }
        }
        return try RudeClient(state, port: test.port, targets)
    }
}
