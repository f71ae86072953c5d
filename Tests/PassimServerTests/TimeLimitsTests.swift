import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// Limits of a fraction of a second, checked once a second: what is waited for is always the server's doing.
@Suite struct TimeLimitsTests {
    private static let short: UInt64 = 300_000_000

    @Test func handshakeThatNeverBeginsIsCut() async throws {
        try await withServer({ $0.timeLimits.handshake = TimeLimitsTests.short }) { test in
            let client = try test.rawClient()
            #expect(try client.receiveRaw().isEmpty)
            #expect(eventually { test.server.connectionCount == 0 })
        }
    }

    @Test func handshakeThatStopsHalfWayIsCut() async throws {
        try await withServer({ $0.timeLimits.handshake = TimeLimitsTests.short }) { test in
            let client = try test.rawClient()
            try client.beginHandshake()
            #expect(!(try client.receiveUntilClosedRaw()).isEmpty)
            #expect(eventually { test.server.connectionCount == 0 })
        }
    }

    @Test func dribbledHeadIsCutThoughBytesKeepComing() async throws {
        try await withServer({ $0.timeLimits.head = TimeLimitsTests.short }) { test in
            let client = try test.client()
            let end = try dribble(client, "GET /file?sha256=", then: "a")
            #expect(end != .neverEnded)
        }
    }

    @Test func dribbledHandshakeIsCutThoughBytesKeepComing() async throws {
        try await withServer({ $0.timeLimits.handshake = TimeLimitsTests.short }) { test in
            let client = try test.rawClient()
            // A record that announces 16 KiB of ClientHello.
            try client.sendRaw([22, 3, 1, 0x40, 0, 1, 0, 0x3F, 0xFC, 3, 3])
            let deadline = monotonicNanoseconds() + 60_000_000_000
            var isEnded = false
            while !isEnded, monotonicNanoseconds() < deadline {
                do throws(TLSClient.Failure) {
                    try client.sendRaw([0])
                    isEnded = try client.receiveRaw(seconds: 0.02).isEmpty
                } catch {
                    if case .timedOut = error { continue }
                    isEnded = true
                }
            }
            #expect(isEnded)
        }
    }

    /// The rest of a pipelined head has the time of a head, not that of an idle connection.
    @Test func headBegunBehindARequestIsCutAsAHead() async throws {
        try await withServer({ $0.timeLimits.head = TimeLimitsTests.short }) { test in
            let digest = try test.add("a", [1, 2, 3])
            let client = try test.client()
            try client.tls.send(HTTPClient.request(digest) + "GET /file?sha")
            #expect(try client.answer().body == [1, 2, 3])
            #expect(try client.isEnded())
        }
    }

    @Test func idleConnectionIsEndedInOrder() async throws {
        try await withServer({ $0.timeLimits.idle = TimeLimitsTests.short }) { test in
            let digest = try test.add("a", [1, 2, 3])
            let client = try test.client()
            try client.get(digest)
            #expect(try client.answer().body == [1, 2, 3])
            #expect(try client.isEnded())
            #expect(eventually { test.openDescriptors <= 1 })
        }
    }

    @Test func readerThatStopsIsCut() async throws {
        try await withServer({
            $0.timeLimits.slowWindow = TimeLimitsTests.short
            $0.timeLimits.slowBytes = 1024
        }) { test in
            let digest = try test.addSparse("large", size: 64 << 20)
            let client = try test.client { $0.receiveBuffer = 4096 }
            try client.get(digest)
            _ = try client.head()
            #expect(test.server.connectionCount == 1)
            #expect(eventually { test.server.connectionCount == 0 })
            #expect(eventually { test.openDescriptors == 0 })
            _ = client
        }
    }

    /// The socket takes no more for minutes though the client reads: what the peer has taken counts.
    @Test func readerThatIsFastEnoughIsNotCut() async throws {
        try await withServer({
            $0.timeLimits.slowWindow = 1_500_000_000
            $0.timeLimits.slowBytes = 1024
        }) { test in
            let size = 32 << 20
            let digest = try test.addSparse("large", size: UInt64(size))
            let client = try test.client { $0.receiveBuffer = 16384 }
            try client.get(digest)
            _ = try client.head()
            try pacedRead(client, seconds: 5)
            #expect(try client.bytes(size - client.bytesTaken).count > 0)
        }
    }

    @Test func refusedClientThatKeepsSendingIsGivenUp() async throws {
        try await withServer({ $0.timeLimits.linger = TimeLimitsTests.short }) { test in
            let client = try test.client()
            try client.tls.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
            #expect(try client.answer().status == 405)
            let deadline = monotonicNanoseconds() + 60_000_000_000
            var isEnded = false
            while !isEnded, monotonicNanoseconds() < deadline {
                do throws(TLSClient.Failure) {
                    try client.tls.send([UInt8](repeating: 65, count: 1000))
                } catch {
                    isEnded = true
                }
            }
            #expect(isEnded)
            #expect(eventually { test.server.connectionCount == 0 })
        }
    }

    private enum End { case cut, orderly, neverEnded }

    /// Sends the first, and then the other bit by bit until the server ends the connection.
    private func dribble(_ client: HTTPClient, _ first: String, then more: String) throws -> End {
        try client.tls.send(first)
        let deadline = monotonicNanoseconds() + 60_000_000_000
        while monotonicNanoseconds() < deadline {
            do throws(TLSClient.Failure) {
                try client.tls.send(more)
                if try client.tls.receive(upTo: 1, seconds: 0.02).isEmpty { return .orderly }
            } catch {
                if case .timedOut = error { continue }
                return .cut
            }
        }
        return .neverEnded
    }

    /// Reads 8 KiB ten times a second.
    private func pacedRead(_ client: HTTPClient, seconds: UInt64) throws {
        let end = monotonicNanoseconds() + seconds * 1_000_000_000
        while monotonicNanoseconds() < end {
            _ = try client.bytes(8192)
            client.bytesTaken += 8192
            pause(milliseconds: 100)
        }
    }
}
