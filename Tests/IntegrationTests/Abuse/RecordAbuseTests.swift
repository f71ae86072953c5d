import Glibc
import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

/// What comes on a connection whose handshake was honest.
struct RecordAbuseTests {
    let abused: AbusedDaemon

    init() throws {
        abused = try AbusedDaemon()
    }

    private static let isLong = getenv("PASSIM_LONG") != nil
    private static let versions: [TLSClient.Version] = [.tls12, .tls13]

    /// Shakes hands in one version, and has been answered once.
    private func usedExchange(
        _ version: TLSClient.Version, _ change: (inout TLSClient.Options) -> Void = { _ in }
    ) throws -> HTTPExchange {
        let exchange = try abused.exchange {
            AbusedDaemon.only(version)(&$0)
            change(&$0)
        }
        #expect(try exchange.request(AbusedDaemon.request).text == AbusedDaemon.content)
        return exchange
    }

    // MARK: Pieces

    @Test(arguments: versions, [false, true])
    func requestInRecordsOfOneByteIsAnswered(version: TLSClient.Version, inSegmentsToo: Bool) throws {
        let exchange = try usedExchange(version)
        for _ in 0..<2 {
            for byte in AbusedDaemon.request.utf8 {
                let record = try exchange.client.sealed([byte])
                for piece in inSegmentsToo ? record.map({ [$0] }) : [record] {
                    try exchange.client.sendRaw(piece)
                }
            }
            #expect(try exchange.response().text == AbusedDaemon.content)
        }
    }

    @Test(arguments: versions)
    func requestsInOneSegmentPerRecordBoundaryAreAnswered(version: TLSClient.Version) throws {
        var random = SeededGenerator()
        let exchange = try usedExchange(version)
        let requests = Array(String(repeating: AbusedDaemon.request, count: 100).utf8)
        var records: [UInt8] = []
        var rest = requests[...]
        while !rest.isEmpty {
            let part = rest.prefix(Int.random(in: 1...300, using: &random))
            records += try exchange.client.sealed(Array(part))
            rest = rest.dropFirst(part.count)
        }
        // Never at a record's end.
        var bytes = records[...]
        while !bytes.isEmpty {
            let piece = bytes.prefix(Int.random(in: 1...50, using: &random))
            try exchange.client.sendRaw(Array(piece))
            bytes = bytes.dropFirst(piece.count)
        }
        for _ in 0..<100 { #expect(try exchange.response().text == AbusedDaemon.content, "\(random)") }
    }

    @Test(arguments: versions)
    func recordsThatAreNotTheNextOnesEndTheConnection(version: TLSClient.Version) throws {
        let shared = Array(AbusedDaemon.request.utf8)
        let abuses: [(String, (TLSClient) throws -> [UInt8])] = [
            (
                "a flipped bit",
                {
                    var record = try $0.sealed(shared)
                    record[record.count / 2] ^= 1
                    return record
                }
            ),
            (
                "another type",
                {
                    var record = try $0.sealed(shared)
                    record[0] = TLSRecords.alert
                    return record
                }
            ),
            (
                "a shorter length",
                {
                    var record = try $0.sealed(shared)
                    record[4] -= 1
                    return record
                }
            ),
            (
                "a record twice",
                {
                    let record = try $0.sealed(shared)
                    return record + record
                }
            ),
            (
                "two in the wrong order",
                {
                    let first = try $0.sealed(shared)
                    return try $0.sealed(shared) + first
                }
            ),
            (
                "one left out",
                {
                    _ = try $0.sealed(shared)
                    return try $0.sealed(shared)
                }
            ),
            ("a plain alert", { _ in TLSRecords.record(TLSRecords.alert, [2, 80]) }),
            ("a plain request", { _ in TLSRecords.record(TLSRecords.data, shared) }),
            ("a plain hello", { _ in ClientHello().records() }),
            ("change_cipher_spec", { _ in TLSRecords.record(TLSRecords.changeCipherSpec, [1]) }),
            (
                "a plain KeyUpdate",
                { _ in TLSRecords.record(22, ClientHello.header(type: 24, count: 1) + [1]) }
            ),
            ("a record of no length", { _ in TLSRecords.record(TLSRecords.data, []) }),
            ("the longest length", { _ in [23, 3, 3, 0xFF, 0xFF] + [UInt8](repeating: 0, count: 70_000) }),
        ]
        for (what, abuse) in abuses {
            let exchange = try usedExchange(version)
            try? exchange.client.sendRaw(try abuse(exchange.client))
            // The first of a record that comes twice is a request.
            let expected = what == "a record twice" ? 1 : 0
            #expect(try answers(to: exchange.client).count == expected, "\(what)")
        }
        try abused.expectServesOthers()
        try abused.expectNothingTaken()
    }

    // MARK: Renegotiation

    @Test func renegotiationIsRefused() throws {
        let handshakes = try abused.daemon.metric("passim_handshakes_total")
        let exchange = try usedExchange(.tls12)
        #expect {
            try exchange.client.renegotiate()
        } throws: {
            "\($0)".contains("no renegotiation")
        }
        // One for the client, and one for who asks.
        #expect(try abused.daemon.metric("passim_handshakes_total") == handshakes + 2)
        try abused.expectServesOthers()
        exchange.client.close()
        _ = try? exchange.client.receiveUntilClosed()
        try abused.expectServesOthers()
    }

    // MARK: Early data

    @Test func earlyDataIsNotTakenAndTheHandshakeGoesOn() throws {
        let first = try usedExchange(.tls13)
        let session = try #require(first.client.session?.allowingEarlyData(16384))
        // Counted from the first on.
        #expect(try first.request(AbusedDaemon.request(AbusedDaemon.unknown)).status == 404)
        let answers = try abused.daemon.metric("passim_requests_total{code=\"404\"}")
        let client = try abused.client {
            AbusedDaemon.only(.tls13)(&$0)
            $0.session = session
        }
        try client.sendEarly(Array(AbusedDaemon.request(AbusedDaemon.unknown).utf8))
        try client.handshake()
        #expect(!client.isEarlyDataAccepted)
        #expect(client.isResumed)
        try client.send(AbusedDaemon.request + "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let text = String(decoding: try client.receiveUntilClosed().bytes, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 200 "))
        #expect(text.contains(AbusedDaemon.content))
        // Nobody looked for what was asked for too early.
        #expect(try abused.daemon.metric("passim_requests_total{code=\"404\"}") == answers)
    }

    /// More than a server skips that takes none.
    @Test func endlessEarlyDataEndsTheConnection() throws {
        let first = try usedExchange(.tls13)
        let session = try #require(first.client.session?.allowingEarlyData(1 << 30))
        let client = try abused.client {
            AbusedDaemon.only(.tls13)(&$0)
            $0.session = session
            $0.seconds = 20
        }
        #expect(throws: TLSClient.Failure.self) {
            for _ in 0..<1000 { try client.sendEarly([UInt8](repeating: 65, count: 16384)) }
            // The server's part of it was sent before.
            try client.handshake()
            _ = try client.receive()
        }
        try abused.expectServesOthers()
    }

    // MARK: Keys

    /// Each costs the server two new keys and a record: OpenSSL answers as many as it can read, so that how much
    /// it can read in a turn is what others wait for.
    @Test func keyUpdatesAreAnsweredAndOthersServedMeanwhile() throws {
        let rounds = RecordAbuseTests.isLong ? 10 : 2
        let updates = 2500
        let exchange = try usedExchange(.tls13)
        let before = try abused.daemon.status("VmRSS")
        // Some of them on the same thread of the daemon.
        let bystanders = try (0..<6).map { _ in try abused.exchange() }
        var slowest = Duration.zero
        for _ in 0..<rounds {
            let flood = try Sending(try exchange.client.sealedKeyUpdates(updates), by: exchange.client)
            for bystander in bystanders {
                let start = ContinuousClock.now
                #expect(try bystander.request(AbusedDaemon.request).text == AbusedDaemon.content)
                slowest = max(slowest, ContinuousClock.now - start)
            }
            flood.join()
            // What the server said to the updates is read with the answer.
            #expect(try exchange.request(AbusedDaemon.request).text == AbusedDaemon.content)
        }
        print("key updates: \(rounds * updates), slowest answer to another \(slowest)")
        // For liveness.
        #expect(slowest < .seconds(10))
        try abused.expectGrowth(since: before, below: 16 << 10)
    }

    /// Who never reads what the server says to them does not fill its memory.
    @Test func keyUpdatesOfOneWhoNeverReadsAreBounded() throws {
        let exchange = try usedExchange(.tls13) { $0.receiveBuffer = 4096 }
        let before = try abused.daemon.status("VmRSS")
        let updates = try exchange.client.sealedKeyUpdates(RecordAbuseTests.isLong ? 200_000 : 10_000)
        // The server stops reading at some time; then nothing more is taken.
        let flood = try Sending(updates, by: exchange.client)
        for _ in 0..<20 { try abused.expectServesOthers() }
        try abused.expectGrowth(since: before, below: 16 << 10)
        exchange.client.resetWhenDone()
        exchange.client.endSending()
        flood.join()
    }

    // MARK: Ends

    @Test(arguments: versions)
    func whatFollowsCloseNotifyIsNotARequest(version: TLSClient.Version) throws {
        for (before, expected) in [
            ("", 0), (AbusedDaemon.request, 1), ("GET /x?sha256=", 0), (AbusedDaemon.request + "GET /x", 1),
            (String(repeating: AbusedDaemon.request, count: 50), 50),
        ] {
            let exchange = try usedExchange(version)
            let client = exchange.client
            let records = try client.sealed(Array(before.utf8))
            // In its place in the order of records, had the server gone on.
            let end = try client.sealedClose()
            try client.sendRaw(records + end + records)
            let (answers, orderly) = try answers(to: client)
            #expect(answers == expected, "\(before.prefix(20))")
            #expect(orderly)
        }
        try abused.expectNothingTaken()
    }

    /// The rest of a download still comes, as the client may read on.
    @Test func downloadGoesOnAfterCloseNotify() throws {
        let abused = try AbusedDaemon(withLarge: true)
        for version in RecordAbuseTests.versions {
            let client = try abused.client(AbusedDaemon.only(version))
            try client.handshake()
            try client.send(AbusedDaemon.request(abused.large))
            let start = try client.receive(upTo: 512)
            try client.sendRaw(try client.sealedClose())
            let (bytes, orderly) = try client.receiveUntilClosed()
            #expect(start.count + bytes.count > AbusedDaemon.largeSize)
            #expect(orderly)
        }
        try abused.expectNothingTaken()
    }

    /// How many answers come until the connection ends, and whether it ends as TLS wants it.
    private func answers(to client: TLSClient) throws -> (count: Int, orderly: Bool) {
        var bytes: [UInt8] = []
        do {
            while true {
                let more = try client.receive()
                if more.isEmpty { break }
                bytes += more
            }
        } catch TLSClient.Failure.timedOut(let action) {
            throw TLSClient.Failure.timedOut(doing: action)
        } catch {
            return (count(bytes), false)
        }
        return (count(bytes), true)
    }

    private func count(_ bytes: [UInt8]) -> Int {
        String(decoding: bytes, as: UTF8.self).ranges(of: "HTTP/1.1 ").count
    }

    // MARK: Tickets

    @Test(arguments: versions)
    func forgedTicketsAreNotResumed(version: TLSClient.Version) throws {
        var random = SeededGenerator()
        let session = try #require(try usedExchange(version).client.session)
        #expect(try resumes(session, version))
        let count = session.ticket.count
        #expect(count > 64)
        var forged: [(String, TLSClientSession?)] = (0..<40).map { number in
            let place = number < 10 ? number * (count - 1) / 9 : Int.random(in: 0..<count, using: &random)
            return ("byte \(place)", session.forged { $0[place] ^= UInt8(1 << (number % 8)) })
        }
        forged.append(("zeros", session.forged { $0 = [UInt8](repeating: 0, count: count) }))
        forged.append(("noise", session.forged { $0 = random.bytes(count) }))
        forged.append(
            ("another key's name", session.forged { $0.replaceSubrange(0..<16, with: random.bytes(16)) }))
        // From another daemon, and of the same name of a key.
        let stranger = try AbusedDaemon()
        let exchange = try stranger.exchange(AbusedDaemon.only(version))
        #expect(try exchange.request(AbusedDaemon.request).status == 200)
        let other = try #require(exchange.client.session)
        forged.append(("another daemon's", other))
        forged.append(
            (
                "another daemon's under our key's name",
                other.forged { ticket in
                    ticket.replaceSubrange(0..<16, with: session.ticket[..<16])
                }
            ))
        for (what, session) in forged {
            #expect(try !resumes(try #require(session, "\(what)"), version), "\(what), \(random)")
        }
        #expect(try resumes(session, version))
    }

    /// The session of one version is nothing to the other.
    @Test func ticketOfTheOtherVersionIsNotResumed() throws {
        for (one, other) in [(TLSClient.Version.tls12, TLSClient.Version.tls13), (.tls13, .tls12)] {
            let session = try #require(try usedExchange(one).client.session)
            #expect(try !resumes(session, other), "\(one) as \(other)")
        }
    }

    @Test(arguments: versions)
    func ticketOfTheFormerProcessIsNotResumed(version: TLSClient.Version) throws {
        let session = try #require(try usedExchange(version).client.session)
        try abused.daemon.process.terminate()
        let again = try abused.site.start()
        let exchange = try HTTPExchange(
            port: again.port,
            AbusedDaemon.options {
                AbusedDaemon.only(version)(&$0)
                $0.session = session
            })
        #expect(!exchange.client.isResumed)
        #expect(try exchange.request("GET", "/").status == 200)
    }

    /// Whatever the session, the request is answered.
    private func resumes(_ session: TLSClientSession, _ version: TLSClient.Version) throws -> Bool {
        // A copy: OpenSSL marks a session whose connection ends without close_notify.
        let exchange = try usedExchange(version) { $0.session = session.forged { _ in } }
        return exchange.client.isResumed
    }
}
