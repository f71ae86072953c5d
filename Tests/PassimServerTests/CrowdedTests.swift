import PassimCore
import PassimHTTP
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// More clients than there may be connections.
@Suite struct CrowdedTests {
    private func expectAnswer(
        _ client: HTTPClient, _ digest: Digest, _ location: SourceLocation = #_sourceLocation
    ) throws {
        try client.get(digest)
        #expect(try client.answer().body == [1, 2, 3], sourceLocation: location)
    }

    /// If each who comes had another one end, nobody would ever be served.
    @Test(arguments: [1, 2]) func whoHasBegunIsServedAndTheOthersWait(reactors: Int) async throws {
        try await withServer({
            $0.reactors = reactors
            $0.maxConnections = 4
            $0.timeLimits.contended = 3_600_000_000_000
        }) { test in
            let digest = try test.add("file", [1, 2, 3])
            let begun = try (0..<4).map { _ in try test.client() }
            let waiting = try (0..<8).map { _ in try test.rawClient() }
            for client in waiting { try client.beginHandshake() }
            // Some turns of a server that would end those in it.
            pause(milliseconds: 500)
            #expect(test.server.connectionCount == 4)
            for client in begun { try expectAnswer(client, digest) }
            // Those who have been served make room.
            for raw in waiting {
                try raw.handshake()
                try expectAnswer(HTTPClient(raw), digest)
                #expect(test.server.connectionCount <= 4)
            }
            for client in begun { #expect(try client.isEnded()) }
        }
    }

    @Test func whoDoesNotUseItsTimeMakesRoom() async throws {
        try await withServer({
            $0.maxConnections = 3
            $0.reactors = 1
            $0.timeLimits.contended = 50_000_000
        }) { test in
            let digest = try test.add("file", [1, 2, 3])
            let silent = try test.rawClient()
            #expect(eventually { test.server.connectionCount == 1 })
            let others = try (0..<2).map { _ in try test.client() }
            #expect(try test.fetch(digest).body == [1, 2, 3])
            #expect(try silent.receiveUntilClosedRaw().isEmpty)
            for client in others { try expectAnswer(client, digest) }
        }
    }

    @Test func oldestIdleConnectionMakesRoom() async throws {
        try await withServer({
            $0.maxConnections = 8
            $0.reactors = 1
        }) { test in
            let digest = try test.add("a", [1, 2, 3])
            var clients: [HTTPClient] = []
            for _ in 0..<8 {
                let client = try test.client()
                try expectAnswer(client, digest)
                clients.append(client)
            }
            let ninth = try test.fetch(digest)
            #expect(ninth.body == [1, 2, 3])
            #expect(try clients[0].isEnded())
            for client in clients[1...] { try expectAnswer(client, digest) }
        }
    }

    @Test func connectionsThatAreSendingDoNotMakeRoom() async throws {
        try await withServer({
            $0.maxConnections = 2
            $0.reactors = 1
            $0.timeLimits.contended = 0
        }) { test in
            let large = try test.addSparse("large", size: 16 << 20)
            let digest = try test.add("file", [1, 2, 3])
            let busy = try (0..<2).map { _ in
                let client = try test.client { $0.receiveBuffer = 8192 }
                try client.get(large)
                #expect(try client.head().status == 200)
                return client
            }
            let waiting = try test.rawClient()
            try waiting.beginHandshake()
            #expect(throws: TLSClient.Failure.self) { try waiting.receiveRaw(seconds: 0.5) }
            for client in busy { #expect(try client.bytes(16 << 20).count == 16 << 20) }
            // They rest now.
            try waiting.handshake()
            try expectAnswer(HTTPClient(waiting), digest)
        }
    }

    /// The one that accepts may have only downloads, and the other one whoever idles.
    @Test(arguments: [false, true]) func reactorsMakeRoomForEachOther(isBusyFirst: Bool) async throws {
        try await withServer({
            $0.maxConnections = 2
            $0.reactors = 2
        }) { test in
            let large = try test.addSparse("large", size: 16 << 20)
            let digest = try test.add("file", [1, 2, 3])
            func ask() throws -> HTTPClient {
                let client = try test.client()
                try expectAnswer(client, digest)
                return client
            }
            var idle = isBusyFirst ? [] : [try ask()]
            let busy = try test.client { $0.receiveBuffer = 8192 }
            try busy.get(large)
            #expect(try busy.head().status == 200)
            while idle.count < 5 { idle.append(try ask()) }
            #expect(try busy.bytes(16 << 20).count == 16 << 20)
        }
    }

    @Test(.enabled(if: OwnAddress.other != nil)) func placesAreKeptForThisHost() async throws {
        try await withServer({
            $0.places = [.every(v6: false)]
            $0.maxConnections = 20
            $0.reactors = 1
            $0.timeLimits.contended = TestServer.hour
        }) { test in
            let digest = try test.add("file", [1, 2, 3])
            let large = try test.addSparse("large", size: 64 << 20)
            // Others download, and more of them wait.
            let others = try (0..<19).map { _ in
                let client = HTTPClient(
                    try TLSClient.connected(
                        to: "\(OwnAddress.other!)", port: test.port,
                        TestServer.options { $0.receiveBuffer = 8192 }))
                try client.get(large)
                #expect(try client.head().status == 200)
                return client
            }
            let waiting = try (0..<30).map { _ in
                try TLSClient(
                    connectingTo: "\(OwnAddress.other!)", port: test.port, TestServer.options { _ in })
            }
            #expect(test.server.connectionCount == 19)
            for _ in 0..<3 { #expect(try test.fetch(digest).body == [1, 2, 3]) }
            #expect(test.server.connectionCount <= 20)
            withExtendedLifetime((others, waiting)) {}
        }
    }

    @Test func ofTwoSlowReadersTheSlowerMakesRoom() async throws {
        try await withServer({
            $0.maxConnections = 2
            $0.reactors = 1
            $0.timeLimits.contended = TestServer.hour
            $0.timeLimits.crowdedWindow = 2_000_000_000
            $0.timeLimits.crowdedSpeed = 1 << 40
        }) { test in
            let digest = try test.add("file", [1, 2, 3])
            let large = try test.addSparse("large", size: 1 << 30)
            let readers = try (0..<2).map { _ in
                let client = try test.client { $0.receiveBuffer = 8192 }
                try client.get(large)
                #expect(try client.head().status == 200)
                return client
            }
            // One takes some, the other nothing, for as long as the newcomer waits.
            let newcomer = try test.rawClient()
            try newcomer.beginHandshake()
            let end = monotonicNanoseconds() + 60_000_000_000
            while test.server.counts.connections < 3, monotonicNanoseconds() < end {
                #expect(try readers[1].bytes(65536).count == 65536)
            }
            try newcomer.handshake()
            try expectAnswer(HTTPClient(newcomer), digest)
            #expect(try readers[1].bytes(1 << 20).count == 1 << 20)
            #expect(throws: (any Error).self) { try readers[0].bytes(1 << 30) }
        }
    }
}
