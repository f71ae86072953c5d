import PassimCore
import PassimTestKit
import Testing

@testable import PassimFetch

/// Many questions at once, and those that end before their answer.
@Suite struct TransferLoopTests {
    private let atGate: [ScriptedServer.Step] = [
        .handshake, .readRequest, .waitAtGate, .send(found), .repeatFromRequest,
    ]

    private func outcomes(
        _ prober: PeerProber, _ server: ScriptedServer, count: Int
    ) async -> [ProbeOutcome: Int] {
        await withTaskGroup { group in
            for _ in 0..<count {
                group.addTask { await prober.probe(server) }
            }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
    }

    // MARK: Bounds

    @Test func soManyAreAskedAtOnceAndTheOthersAfterThem() async throws {
        let server = try ScriptedServer(atGate)
        try await withProber(transfers: 4) { prober in
            async let answers = outcomes(prober, server, count: 40)
            #expect(await becomesTrue { server.atGate.now == 4 })
            server.open()
            #expect(await answers == [.confirmed: 40])
        }
        #expect(server.atGate.most == 4)
    }

    @Test func thousandAtOnceStayBounded() async throws {
        let server = try ScriptedServer(atGate)
        server.open()
        try await withProber { prober in
            #expect(await outcomes(prober, server, count: 1000) == [.confirmed: 1000])
        }
        #expect(server.atGate.most <= TransferLoop.Limits().transfers)
        #expect(await becomesTrue { server.isDeserted })
    }

    @Test func timeOfThoseThatWaitCountsFromWhenTheyWereAsked() async throws {
        let server = try ScriptedServer(atGate)
        try await withProber(transfers: 1) { prober in
            async let first = prober.probe(server)
            #expect(await becomesTrue { server.atGate.now == 1 })
            #expect(await prober.probe(server, within: .milliseconds(50)) == .unasked)
            server.open()
            #expect(await first == .confirmed)
        }
        #expect(server.connectionCount == 1)
    }

    @Test func tooManyThatWaitFailAtOnce() async throws {
        let server = try ScriptedServer(atGate)
        try await withProber(transfers: 1, waiting: 0) { prober in
            #expect(await prober.probe(server) == .unasked)
        }
        #expect(server.connectionCount == 0)
    }

    // MARK: Connections

    @Test func nextQuestionGoesThroughTheSameConnection() async throws {
        let server = try ScriptedServer(answering(found))
        try await withProber { prober in
            for _ in 0..<5 { #expect(await prober.probe(server) == .confirmed) }
            #expect(server.connectionCount == 1)
        }
        #expect(await becomesTrue { server.isDeserted })
    }

    @Test func connectionThatThePeerEndedIsReplaced() async throws {
        let server = try ScriptedServer([.handshake, .readRequest, .send(found)])
        try await withProber { prober in
            for _ in 0..<5 {
                #expect(await prober.probe(server) == .confirmed)
                #expect(await becomesTrue { server.isDeserted })
            }
        }
    }

    // MARK: Endings

    @Test func cancellationEndsTheTransferAtOnce() async throws {
        let server = try ScriptedServer([.handshake, .readRequest, .hang])
        try await withProber { prober in
            let asking = Task { await prober.probe(server, within: .seconds(3600)) }
            #expect(await becomesTrue { server.requests.count == 1 })
            asking.cancel()
            #expect(await asking.value == .unasked)
            #expect(await becomesTrue { server.isDeserted })
        }
    }

    @Test func whatIsCancelledBeforeIsNotAsked() async throws {
        let server = try ScriptedServer(answering(found))
        try await withProber { prober in
            let asking = Task {
                // Not before it is cancelled.
                _ = await becomesTrue { Task.isCancelled }
                return await prober.probe(server)
            }
            asking.cancel()
            #expect(await asking.value == .unasked)
            #expect(server.connectionCount == 0)
        }
    }

    @Test func whatIsCancelledWhileItWaitsIsNotAsked() async throws {
        let server = try ScriptedServer(atGate)
        try await withProber(transfers: 1) { prober in
            async let first = prober.probe(server)
            #expect(await becomesTrue { server.atGate.now == 1 })
            let second = Task { await prober.probe(server) }
            second.cancel()
            #expect(await second.value == .unasked)
            server.open()
            #expect(await first == .confirmed)
        }
        #expect(server.requests.count == 1)
    }

    @Test func stopEndsEverythingAndTheThread() async throws {
        let server = try ScriptedServer([.handshake, .readRequest, .hang])
        try await withProber(transfers: 2) { prober in
            async let answers = outcomes(prober, server, count: 4)
            #expect(await becomesTrue { server.requests.count == 2 })
            prober.stop()
            #expect(await answers == [.unasked: 4])
            #expect(await becomesTrue { server.isDeserted })
            #expect(await prober.probe(server) == .unasked)
            prober.stop()
        }
        #expect(server.connectionCount == 2)
    }

    @Test func lastReferenceEndsTheThreadAndItsConnections() async throws {
        let server = try ScriptedServer(answering(found))
        var prober: PeerProber? = try PeerProber(logger: quiet)
        #expect(await prober?.probe(server) == .confirmed)
        #expect(!server.isDeserted)
        prober = nil
        #expect(await becomesTrue { server.isDeserted })
    }
}
