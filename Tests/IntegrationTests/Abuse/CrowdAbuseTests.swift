import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

/// Many connections, and clients that take without end or nothing at all.
@Suite(.timeLimit(.minutes(20)))
struct CrowdAbuseTests {
    private static let isLong = getenv("PASSIM_LONG") != nil

    // MARK: Pipelining

    @Test func tenThousandPipelinedRequestsAreAnsweredInOrder() throws {
        let abused = try AbusedDaemon { site in
            for number in 0..<10 { try site.put("f\(number)", "file \(number)") }
        }
        let before = try abused.daemon.status("VmRSS")
        let client = try abused.client()
        try client.handshake()
        let digests = (0..<10).map { Digest(of: "file \($0)") }
        // Every third is nobody's.
        let wanted = (0..<10_000).map { $0 % 3 == 2 ? AbusedDaemon.unknown : digests[$0 % 10] }
        let requests = wanted.enumerated().map { number, digest in
            AbusedDaemon.request(digest, number == 9999 ? "Connection: close\r\n" : "")
        }
        let records = try client.sealed(Array(requests.joined().utf8))
        // All are on their way, whether answers are read or not.
        let sending = try Sending(records, by: client)
        let bytes = try client.receiveUntilClosed().bytes
        sending.join()
        let growth = try abused.expectGrowth(since: before, below: 16 << 10)
        print("pipelining: 10000 requests in \(records.count) bytes, \(growth) KiB more")
        let answers = try CrowdAbuseTests.answers(in: bytes)
        #expect(answers.count == 10_000)
        for (number, answer) in answers.enumerated() {
            let isRight = number % 3 == 2 ? answer.status == 404 : answer.body == "file \(number % 10)"
            if !isRight {
                Issue.record("request \(number): \(answer)")
                break
            }
        }
        try abused.expectNothingTaken()
    }

    private static func answers(in bytes: [UInt8]) throws -> [(status: Int, body: String)] {
        var answers: [(status: Int, body: String)] = []
        var rest = bytes[...]
        let end = Array("\r\n\r\n".utf8)
        while !rest.isEmpty {
            let found = try #require(rest.indices.first { rest[$0] == 13 && rest[$0...].starts(with: end) })
            let head = try HTTPResponse(head: Array(rest[..<(found + 4)]))
            let length = try #require(head["Content-Length"].flatMap { Int($0) })
            rest = rest[(found + 4)...]
            answers.append((head.status, String(decoding: rest.prefix(length), as: UTF8.self)))
            rest = rest.dropFirst(length)
        }
        return answers
    }

    /// Nobody reads the answers: then the requests stay where they are.
    @Test func tenThousandPipelinedRequestsOfOneWhoNeverReadsAreBounded() throws {
        let abused = try AbusedDaemon(withLarge: true)
        let exchange = try abused.exchange { $0.receiveBuffer = 4096 }
        let before = try abused.daemon.status("VmRSS")
        let requests = String(repeating: AbusedDaemon.request(abused.large), count: 10_000)
        let sending = try Sending(try exchange.client.sealed(Array(requests.utf8)), by: exchange.client)
        for _ in 0..<50 { try abused.expectServesOthers() }
        try abused.expectGrowth(since: before, below: 16 << 10)
        exchange.client.resetWhenDone()
        exchange.client.endSending()
        sending.join()
    }

    // MARK: Readers that stop

    /// The daemon's limit ends them after one to two minutes; short runs see only that they harm nobody.
    @Test func readersThatStopForEverAreBornAndEnded() throws {
        let abused = try AbusedDaemon(withLarge: true)
        let before = try abused.daemon.status("VmRSS")
        var clients: [TLSClient] = []
        for number in 0..<100 {
            let client = try abused.client { $0.receiveBuffer = number % 2 == 0 ? 4096 : nil }
            try client.handshake()
            try client.send(AbusedDaemon.request(abused.large))
            _ = try client.receive(upTo: 100)
            clients.append(client)
        }
        for _ in 0..<50 { try abused.expectServesOthers() }
        // What a connection holds that cannot send: a turn's output.
        let growth = try abused.expectGrowth(since: before, below: 100 * 200)
        print("stopped readers: 100, \(growth) KiB more")
        #expect(try abused.daemon.connectionUse().connections == 100)
        if CrowdAbuseTests.isLong {
            let start = ContinuousClock.now
            let left = try abused.daemon.difference(from: abused.atRest, within: 240)
            #expect(left == nil)
            print("stopped readers: ended after \(ContinuousClock.now - start)")
        }
        for client in clients { client.resetWhenDone() }
        clients.removeAll()
        try abused.expectNothingTaken()
    }

    // MARK: Crowds

    @Test func crowdIsServed() throws {
        try serveCrowd(of: 500)
    }

    @Test(.enabled(if: isLong, "takes a minute and much memory"))
    func tenThousandConnectionsAreServed() throws {
        // What the daemon keeps for other things, a quarter, and what the test needs itself.
        let limit = raiseDescriptorLimit(to: 16_384)
        let possible = min(10_000, limit - 512, limit - limit / 4 - 64)
        if possible < 10_000 {
            print("crowd: the limit of open files, \(limit), allows no more than \(possible)")
        }
        try serveCrowd(of: possible)
    }

    private func serveCrowd(of count: Int) throws {
        let abused = try AbusedDaemon()
        let before = try abused.daemon.status("VmRSS")
        let start = ContinuousClock.now
        var crowd: [HTTPExchange] = []
        crowd.reserveCapacity(count)
        var lastRound = start
        for _ in 0..<count {
            let exchange = try abused.exchange()
            // One answer, so that it idles and does not wait for its first request.
            #expect(try exchange.request(AbusedDaemon.request).status == 200)
            crowd.append(exchange)
            // On a slow machine the first ones would idle longer than they may.
            if ContinuousClock.now - lastRound > .seconds(25) {
                for exchange in crowd { #expect(try exchange.request(AbusedDaemon.request).status == 200) }
                lastRound = ContinuousClock.now
            }
        }
        let connected = ContinuousClock.now - start
        #expect(try abused.daemon.connectionUse().connections == crowd.count)
        let growth = try abused.expectGrowth(since: before, below: 40 * crowd.count)
        print(
            """
            crowd: \(crowd.count) connections in \(connected), \(growth * 1024 / crowd.count) bytes each while idle
            """)
        let clock = ContinuousClock.now
        for exchange in crowd {
            #expect(try exchange.request(AbusedDaemon.request).text == AbusedDaemon.content)
        }
        print(
            "crowd: one request each in \(ContinuousClock.now - clock), \(try abused.daemon.status("VmRSS") - before) KiB more"
        )
        for exchange in crowd { exchange.client.resetWhenDone() }
        crowd.removeAll()
        try abused.expectNothingTaken(files: true, within: 60)
        print("crowd: gone, \(try abused.daemon.status("VmRSS") - before) KiB more")
        abused.expectQuietLog()
    }

    /// Past the most that there may be, those that idle longest make room.
    @Test func crowdPastTheLimitMakesRoomForTheNew() throws {
        let abused = try AbusedDaemon(["MaxConnections=64"])
        var crowd: [TLSClient] = []
        for _ in 0..<300 {
            let client = try abused.client()
            // It may be sent away at once, as one of those that wait.
            try? client.handshake()
            crowd.append(client)
        }
        for _ in 0..<10 { try abused.expectServesOthers() }
        #expect(try abused.daemon.connectionUse().connections <= 64)
        crowd.removeAll()
        try abused.expectNothingTaken()
    }

    /// 256 connections of an address, loopback exempt: passim.conf(5), PASSIM.CONF.
    @Test(.enabled(if: OwnAddress.other != nil, "needs an address that is not loopback"))
    func addressHasNoMoreConnectionsThanItsLimit() throws {
        let abused = try AbusedDaemon()
        let address = try #require(OwnAddress.other).description
        func connect() throws -> HTTPExchange {
            try HTTPExchange(to: address, port: abused.port, AbusedDaemon.options { _ in })
        }
        var crowd = try (0..<256).map { _ in try connect() }
        try waitForConnections(256, abused)
        for _ in 0..<20 { #expect(throws: TLSClient.Failure.self) { try connect() } }
        #expect(try abused.daemon.metric("passim_connections_refused_total") == 20)
        // Others are not that address.
        try abused.expectServesOthers()
        #expect(try crowd[255].request(AbusedDaemon.request).status == 200)
        // Its half-open ones count too.
        crowd.removeLast()
        try waitForConnections(255, abused)
        let silent = try TLSClient(connectingTo: address, port: abused.port)
        try waitForConnections(256, abused)
        #expect(throws: TLSClient.Failure.self) { try connect() }
        withExtendedLifetime(silent) {}
        crowd.removeAll()
        try abused.expectNothingTaken()
        #expect(try connect().request(AbusedDaemon.request).status == 200)
    }

    /// The daemon hears of an end a moment after it.
    private func waitForConnections(_ count: Int, _ abused: AbusedDaemon) throws {
        for _ in 0..<1000 {
            let now = try abused.daemon.metric("passim_connections") - 1
            if now == count { return }
            usleep(10_000)
        }
        throw TestFailure("\(count) connections are not to be seen")
    }
}
