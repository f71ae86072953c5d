import Glibc
import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

/// Each event in each state of a connection of the real daemon: what the connection took is given back, and
/// others are served meanwhile. What ends by a time limit takes as long as the limits are, so it is for long runs;
/// `TimeLimitAbuseTests` has it with short ones.
@Suite(.timeLimit(.minutes(10)))
struct StateAbuseTests {
    private typealias State = RudeClient.State
    private typealias Event = RudeClient.Event

    private static let isLong = getenv("PASSIM_LONG") != nil

    /// With avahi-daemon, which takes its time to say that nobody has a file.
    private let host: AvahiHost?
    private let lan: Lan?
    private let abused: AbusedDaemon

    init() throws {
        if AvahiHost.isPossible {
            let lan = try Lan()
            let host = try AvahiHost(lan.server, name: "abused")
            self.lan = lan
            self.host = host
            abused = try AbusedDaemon(
                withLarge: true, environment: ["DBUS_SYSTEM_BUS_ADDRESS": host.busAddress],
                readyWith: "advertising ")
        } else {
            lan = nil
            host = nil
            abused = try AbusedDaemon(withLarge: true)
        }
    }

    private static let clientsPerCell = isLong ? 16 : 4

    @Test func whatClientsLeaveInAnyStateIsGivenBack() throws {
        var random = SeededGenerator()
        let bystander = try abused.exchange()
        var slowest = Duration.zero
        var cells = 0
        for event in [Event.halfClose, .reset, .garbage] {
            var clients: [RudeClient] = []
            for state in State.allCases {
                let arrived = try (0..<StateAbuseTests.clientsPerCell).map { _ in
                    try RudeClient(state, port: abused.port, abused.targets)
                }
                for client in arrived {
                    let body = try client.act(event, &random)
                    if let body { #expect(body == AbusedDaemon.largeSize, "\(state.rawValue)") }
                }
                slowest = max(slowest, try timeOfOther(bystander))
                clients += arrived
                cells += 1
            }
            // Only one that listens can tell: a FIN of its own lets it.
            if event == .halfClose {
                for client in clients {
                    #expect(client.isEnded(seconds: 30), "\(client.state.rawValue), FIN")
                }
            }
            try expectConnections(1, "\(event.rawValue), \(random)")
            withExtendedLifetime(clients) {}
        }
        print(
            "states: \(cells) cells of \(StateAbuseTests.clientsPerCell), slowest answer to another \(slowest)"
        )
        bystander.client.close()
        try abused.expectNothingTaken(files: true, "\(random)")
        abused.expectQuietLog()
    }

    @Test(.enabled(if: isLong, "takes as long as the daemon's time limits"))
    func clientsThatSaySoLittleAreEndedByTheLimits() throws {
        var random = SeededGenerator()
        var clients: [(client: RudeClient, event: Event)] = []
        for event in [Event.silence, .slowDrip] {
            for state in State.allCases {
                for _ in 0..<StateAbuseTests.clientsPerCell {
                    let client = try RudeClient(state, port: abused.port, abused.targets)
                    try client.act(event, &random)
                    clients.append((client, event))
                }
            }
        }
        let start = ContinuousClock.now
        var slowest = Duration.zero
        var left = clients.count
        while left > 0, ContinuousClock.now - start < .seconds(240) {
            for (client, event) in clients where event == .slowDrip { client.drip() }
            slowest = max(slowest, try timeOfOther(abused.exchange()))
            let now = try abused.daemon.connectionUse().connections
            if now != left { print("states: \(now) connections left after \(ContinuousClock.now - start)") }
            left = now
            usleep(200_000)
        }
        #expect(left == 0)
        print("states: all ended after \(ContinuousClock.now - start), slowest answer to another \(slowest)")
        withExtendedLifetime(clients) {}
        try abused.expectNothingTaken(files: true)
    }

    private func timeOfOther(_ bystander: HTTPExchange) throws -> Duration {
        let start = ContinuousClock.now
        #expect(try bystander.request(AbusedDaemon.request).text == AbusedDaemon.content)
        return ContinuousClock.now - start
    }

    /// Those of the bystanders.
    private func expectConnections(_ count: Int, _ comment: Comment) throws {
        let end = ContinuousClock.now + .seconds(30)
        while true {
            let use = try abused.daemon.connectionUse()
            if use.connections == count, use.sockets == abused.atRest.sockets + count { return }
            if ContinuousClock.now >= end {
                Issue.record("\(comment.rawValue): \(use)")
                return
            }
            usleep(5000)
        }
    }
}
