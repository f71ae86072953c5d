import Glibc
import PassimCore
import PassimCrypto
import PassimHTTP
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// Row 11: what a client of this machine asks for in vain is looked for elsewhere.
struct LookupTests {
    private let lookup = TestLookup()
    private let unknown = Digest(of: "nobody's")
    private let peer = Peer(address: IPAddress(ipv4: 0x0A4D_0002), port: 27500)

    /// Seconds. Look-ups are tasks, and the pool that runs them is held up by other tests, some of which take
    /// minutes.
    private static let patience: UInt64 = 3600

    private func patientClient(of test: TestServer) throws -> HTTPClient {
        try test.client { $0.seconds = Double(LookupTests.patience) }
    }

    /// On a thread of its own: clients that block one of the pool's would keep the look-ups from running.
    private func withLookups(
        _ change: (inout ServerSettings) -> Void = { _ in },
        _ body: @escaping @Sendable (TestServer) throws -> Void
    ) async throws {
        try await withServer(lookup: lookup) { settings in
            // The pool may be held up by other tests.
            settings.timeLimits.lookup = LookupTests.patience * 1_000_000_000
            change(&settings)
        } _: { test in
            try await withCheckedThrowingContinuation { continuation in
                do throws(SystemError) {
                    _ = try SystemThread(name: "clients") {
                        continuation.resume(with: Result { try body(test) })
                    }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    @Test func timeOfALookUpIsCountedFromTheRequest() async throws {
        try await withLookups { test in
            let client = try patientClient(of: test)
            try client.get(unknown)
            while !lookup.asked.contains(unknown) { usleep(1000) }
            // The request was there before.
            let end = monotonicNanoseconds() + 300_000_000
            while monotonicNanoseconds() < end { usleep(10_000) }
            #expect(test.server.counts.firstBytes[.lookup]?.count == 0)
            lookup.answer(unknown, nil)
            #expect(try client.answer().status == 404)
            let times = try #require(test.server.counts.firstBytes[.lookup])
            #expect(times.count == 1 && times.nanoseconds >= 300_000_000)
            // The bounds are up to a quarter of a second.
            #expect(times.counts[...7].allSatisfy { $0 == 0 })
            #expect(test.server.counts.firstBytes[.file]?.count == 0)
        }
    }

    @Test func clientIsSentToTheMirrorByItsName() async throws {
        try await withLookups { test in
            lookup.answer(unknown, place: .mirror(MirrorHost(name: "mirror.test", pin: "sha256//x")))
            let client = try patientClient(of: test)
            try client.tls.send("GET /a?sha256=\(unknown.hex) HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 302)
            #expect(answer.fields["location"] == "https://mirror.test:27500/a?sha256=\(unknown.hex)")
        }
    }

    @Test func clientIsSentToThePeer() async throws {
        try await withLookups { test in
            lookup.answer(unknown, peer)
            let client = try patientClient(of: test)
            try client.tls.send(
                "GET /dir/a%20b.cab?sha256=\(unknown.hex) HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == 302)
            #expect(
                answer.fields["location"] == "https://10.77.0.2:27500/a%20b.cab?sha256=\(unknown.hex)")
            #expect(answer.fields["cache-control"] == "no-store")
            #expect(lookup.asked == [unknown])
            // The connection goes on.
            let known = try test.add("known", Array("content".utf8))
            try client.get(known)
            #expect(try client.answer().text == "content")
        }
    }

    @Test func nobodyIs404AndHeadHasNoBody() async throws {
        try await withLookups { test in
            lookup.answer(unknown, nil)
            let client = try patientClient(of: test)
            try client.get(unknown)
            #expect(try client.answer().status == 404)
            lookup.answer(unknown, peer)
            try client.tls.send(HTTPClient.request(unknown, method: "HEAD"))
            let answer = try client.answer(isHead: true)
            #expect(answer.status == 302)
            try client.get(unknown)
            #expect(try client.answer().status == 302)
        }
    }

    /// Pipelined requests keep their order, whatever each of them waits for.
    @Test func answersComeInTheOrderOfTheRequests() async throws {
        try await withLookups { test in
            let known = try test.add("known", Array("content".utf8))
            let others = (0..<20).map { Digest(of: "other \($0)") }
            let client = try patientClient(of: test)
            let requests = others.flatMap { [HTTPClient.request($0), HTTPClient.request(known)] }
            try client.tls.send(requests.joined())
            for (number, other) in others.enumerated() {
                lookup.answer(other, number % 2 == 0 ? peer : nil)
                #expect(try client.answer().status == (number % 2 == 0 ? 302 : 404))
                #expect(try client.answer().text == "content")
            }
        }
    }

    @Test func clientThatGoesEndsItsLookup() async throws {
        try await withLookups { test in
            do {
                let client = try patientClient(of: test)
                try client.get(unknown)
                #expect(eventually(seconds: LookupTests.patience) { lookup.asked == [unknown] })
            }
            #expect(eventually(seconds: LookupTests.patience) { lookup.cancelled == [unknown] })
            #expect(eventually(seconds: LookupTests.patience) { test.server.connectionCount == 0 })
        }
    }

    @Test func thousandWaitAtOnce() async throws {
        try await withLookups { settings in
            settings.maxConnections = 600
        } _: { test in
            let clients = try (0..<500).map { _ in try patientClient(of: test) }
            for client in clients { try client.get(unknown) }
            #expect(eventually(seconds: LookupTests.patience) { lookup.asked.count == 500 })
            // Others are served meanwhile.
            let known = try test.add("known", Array("content".utf8))
            #expect(try test.fetch(known).text == "content")
            lookup.answer(unknown, peer)
            for client in clients { #expect(try client.answer().status == 302) }
        }
    }

    @Test func lookupThatNeverEndsEndsTheConnection() async throws {
        try await withLookups { settings in
            settings.timeLimits.lookup = 1_000_000
        } _: { test in
            let client = try patientClient(of: test)
            try client.get(unknown)
            #expect(throws: (any Error).self) { try client.answer() }
        }
    }

    @Test func stoppingWaitsForLookups() async throws {
        try await withLookups { test in
            let client = try patientClient(of: test)
            try client.get(unknown)
            #expect(eventually(seconds: LookupTests.patience) { lookup.asked == [unknown] })
            test.server.beginStopping(within: Int(LookupTests.patience))
            lookup.answer(unknown, peer)
            #expect(try client.answer().status == 302)
        }
    }
}
