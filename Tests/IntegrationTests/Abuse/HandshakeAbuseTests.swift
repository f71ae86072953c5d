import PassimCore
import PassimCrypto
import PassimTestKit
import Testing

/// What comes in place of a handshake, or of an honest one.
struct HandshakeAbuseTests {
    let abused: AbusedDaemon

    init() throws {
        abused = try AbusedDaemon()
    }

    /// What the server says to bytes in place of a handshake.
    enum Reply: Equatable {
        case serverHello
        /// Its description (RFC 8446, 6).
        case alert(UInt8)
        /// It ends, or waits for more.
        case nothing
        /// 400 of HTTP, as text: whoever asks in plain text is told so.
        case badRequest
        case other([UInt8])

        init(_ bytes: [UInt8]) {
            switch bytes.first {
            case nil: self = .nothing
            case 0x48 where bytes.starts(with: "HTTP/1.1 400 ".utf8): self = .badRequest
            case TLSRecords.handshake where bytes.count > 5 && bytes[5] == 2: self = .serverHello
            case TLSRecords.alert where bytes.count >= 7 && bytes[5] == 2: self = .alert(bytes[6])
            default: self = .other(Array(bytes.prefix(64)))
            }
        }
    }

    /// - Parameter ends: whether the client ends its side behind the bytes; else it waits for the server.
    private func reply(to bytes: [UInt8], ends: Bool = true) throws -> Reply {
        let client = try abused.client()
        // The server may have ended before it has all.
        try? client.sendRaw(bytes)
        if ends { client.endSending() }
        var received: [UInt8] = []
        while let more = try? client.receiveRaw(), !more.isEmpty { received += more }
        return Reply(received)
    }

    private func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
        Array(repeatElement(bytes, count: count).joined())
    }

    // MARK: Pieces

    @Test(arguments: [TLSClient.Version.tls12, .tls13])
    func segmentsOfOneByteAreUnderstood(version: TLSClient.Version) throws {
        try use({
            AbusedDaemon.only(version)(&$0)
            $0.cut = { $0.map { [$0] } }
        }) { #expect($0.client.version == version) }
    }

    /// Also the messages of TLS 1.2 that come after the first.
    @Test(arguments: [TLSClient.Version.tls12, .tls13], [false, true])
    func handshakeInRecordsOfOneByteIsUnderstood(version: TLSClient.Version, inSegmentsToo: Bool) throws {
        try use({
            AbusedDaemon.only(version)(&$0)
            $0.cut = { bytes in
                let split = TLSRecords.splitHandshake(bytes)
                return inSegmentsToo ? split.map { [$0] } : [split]
            }
        })
    }

    @Test(arguments: 0..<8)
    func segmentsOfAnySizeAreUnderstood(number: UInt64) throws {
        let seed = SeededGenerator().seed &+ number
        try use(
            {
                AbusedDaemon.only(number % 2 == 0 ? .tls12 : .tls13)(&$0)
                $0.cut = { bytes in
                    var random = SeededGenerator(seed: seed &+ UInt64(bytes.count))
                    var rest = TLSRecords.splitHandshake(bytes)[...]
                    var pieces: [[UInt8]] = []
                    while !rest.isEmpty {
                        let piece = rest.prefix(Int.random(in: 1...40, using: &random))
                        pieces.append(Array(piece))
                        rest = rest.dropFirst(piece.count)
                    }
                    return pieces
                }
            }, "seed \(seed)")
    }

    /// A connection of an honest client whose bytes come in an odd way, from its beginning to its end.
    private func use(
        _ change: (inout TLSClient.Options) -> Void, _ comment: Comment? = nil,
        check: (HTTPExchange) -> Void = { _ in }
    ) throws {
        do {
            let exchange = try abused.exchange(change)
            check(exchange)
            for _ in 0..<3 {
                #expect(try exchange.request(AbusedDaemon.request).text == AbusedDaemon.content, comment)
            }
            exchange.client.close()
        }
        try abused.expectNothingTaken(comment)
    }

    // MARK: The ClientHello

    /// OpenSSL takes what its fields can hold, 128 KiB.
    @Test func oversizedHelloIsAnsweredOrRefused() throws {
        for size in [16_383, 16_384, 16_385, 20_000, 65_536, 120_000] {
            #expect(try reply(to: ClientHello.padded(to: size).records()) == .serverHello, "\(size)")
        }
        // Announced: nobody makes room for it.
        for size in [132_000, 200_000, 1 << 20, 0xFF_FFFF] {
            let start =
                ClientHello.header(type: 1, count: size) + [3, 3] + [UInt8](repeating: 1, count: 20_000)
            let reply = try reply(
                to: TLSRecords.records(TLSRecords.handshake, start, size: 16_384), ends: false)
            guard case .alert = reply else {
                Issue.record("\(size) bytes: \(reply)")
                continue
            }
        }
        try abused.expectServesOthers()
        try abused.expectNothingTaken()
    }

    @Test func helloInTinyRecordsIsAnsweredOrRefused() throws {
        for size in [1, 2, 7, 100] {
            #expect(try reply(to: ClientHello.padded(to: 5000).records(size: size)) == .serverHello)
        }
        try abused.expectNothingTaken()
    }

    @Test func manyExtensionsAreIgnoredOrRefused() throws {
        for count in [100, 1000, 10_000] {
            var hello = ClientHello()
            hello.extensions += (0..<count).map { .init(0x4000 + UInt16($0), []) }
            #expect(try reply(to: hello.records()) == .serverHello, "\(count)")
        }
        for type: UInt16 in [0, 10, 13, 43, 51] {
            var hello = ClientHello.naming(Array("localhost".utf8))
            hello.extensions += hello.extensions.filter { $0.type == type }
            guard case .alert = try reply(to: hello.records(), ends: false) else {
                Issue.record("two extensions of type \(type) are not refused")
                continue
            }
        }
        try abused.expectNothingTaken()
    }

    @Test func namesOfAnySizeDoNoHarm() throws {
        for count in [1, 63, 254, 255, 256, 300, 16_000, 65_000] {
            let hello = ClientHello.naming([UInt8](repeating: 0x61, count: count))
            let reply = try reply(to: hello.records())
            // 112: unrecognized_name; 50: decode_error.
            #expect([.serverHello, .alert(112), .alert(50)].contains(reply), "\(count): \(reply)")
            #expect((reply == .serverHello) == (count <= 255), "\(count)")
        }
        for name: [UInt8] in [[], [0], [0x61, 0, 0x62], [0xFF, 0xFE], Array("../../etc".utf8), [0x0A]] {
            let reply = try reply(to: ClientHello.naming(name).records())
            if case .other(let bytes) = reply { Issue.record("\(name) is answered \(bytes)") }
        }
        try abused.expectServesOthers()
        try abused.expectNothingTaken()
    }

    @Test func malformedHelloIsRefused() throws {
        for (what, change) in HandshakeAbuseTests.malformations {
            var hello = ClientHello()
            change(&hello)
            let reply = try reply(to: hello.records(), ends: false)
            guard case .alert = reply else {
                Issue.record("\(what): \(reply)")
                continue
            }
        }
        try abused.expectServesOthers()
        try abused.expectNothingTaken()
    }

    private static let malformations: [(String, @Sendable (inout ClientHello) -> Void)] = [
        (
            "SSL 3.0",
            {
                $0.version = 0x0300; $0.extensions.removeFirst()
            }
        ),
        (
            "TLS 1.0",
            {
                $0.version = 0x0301; $0.extensions.removeFirst()
            }
        ),
        (
            "TLS 1.1",
            {
                $0.version = 0x0302; $0.extensions.removeFirst()
            }
        ),
        ("only TLS 1.1 among the versions", { $0.extensions[0].content = [2, 3, 2] }),
        ("only a version to come", { $0.extensions[0].content = [2, 3, 9] }),
        ("no versions at all", { $0.extensions[0].content = [0] }),
        ("half a version", { $0.extensions[0].content = [3, 3, 4, 3] }),
        ("a random too short", { $0.random.removeLast(8) }),
        ("a session too long", { $0.session = [UInt8](repeating: 1, count: 33) }),
        ("no suites", { $0.suites = [] }),
        ("no suite that is known", { $0.suites = [0x0A0A, 0xFAFA] }),
        ("only NULL and export suites", { $0.suites = [0x0001, 0x0003, 0x003B, 0x0019] }),
        ("no compression method", { $0.compressions = [] }),
        ("only DEFLATE", { $0.compressions = [1] }),
        ("something behind it", { $0.trailer = [1, 2, 3] }),
        ("a share of a group that was not offered", { $0.extensions[3].content[3] = 23 }),
        ("a share that is too long for itself", { $0.extensions[3].content[5] = 200 }),
        (
            "a share of all zeros",
            {
                $0.extensions[3].content = [0, 36, 0, 29, 0, 32] + [UInt8](repeating: 0, count: 32)
            }
        ),
        ("no signature algorithms", { $0.extensions.remove(at: 2) }),
        ("only SHA-1 signatures", { $0.extensions[2].content = [0, 4, 2, 1, 2, 3] }),
    ]

    /// The suites that there can be, and more of them than a length can say.
    @Test func manySuitesDoNoHarm() throws {
        var hello = ClientHello()
        hello.suites = (0..<32_000).map { UInt16($0) | 0x4000 } + hello.suites
        #expect(try reply(to: hello.records()) == .serverHello)
        hello.suites = (0..<40_000).map { UInt16(truncatingIfNeeded: $0) }
        guard case .alert = try reply(to: hello.records(), ends: false) else {
            Issue.record("more suites than their length says are not refused")
            return
        }
        try abused.expectNothingTaken()
    }

    // MARK: No handshake

    @Test func whatIsNoTLSIsEndedAndAnsweredInPlainTextOnlyIfItIsARequest() throws {
        var random = SeededGenerator()
        var inputs: [(String, [UInt8])] = [
            ("HTTP", Array(AbusedDaemon.request.utf8)),
            ("HTTP/2", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)),
            ("CONNECT", Array("CONNECT localhost:443 HTTP/1.1\r\n\r\n".utf8)),
            ("SMTP", Array("EHLO localhost\r\nSTARTTLS\r\n".utf8)),
            ("much HTTP", Array(String(repeating: AbusedDaemon.request, count: 10_000).utf8)),
            // A ClientHello of SSL 2.0, which OpenSSL once took for later versions too.
            ("SSL 2.0", [0x80, 0x2E, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10] + random.bytes(37)),
            ("SSL 2.0 for TLS 1.2", [0x80, 0x2E, 1, 3, 3, 0, 0x15, 0, 0, 0, 0x10] + random.bytes(37)),
            ("a record too long", [22, 3, 1, 0x48, 1] + random.bytes(20_000)),
            ("the longest length", [22, 3, 1, 0xFF, 0xFF] + random.bytes(70_000)),
            ("application data", TLSRecords.record(23, random.bytes(100))),
            ("change_cipher_spec", TLSRecords.record(20, [1])),
            ("a thousand of them", repeated(TLSRecords.record(20, [1]), 1000)),
            ("empty records", repeated(TLSRecords.record(22, []), 10_000)),
            ("a heartbeat", TLSRecords.record(24, [1, 0x40, 0])),
            ("an unknown record", TLSRecords.record(99, [1, 2, 3])),
            (
                "a ServerHello",
                TLSRecords.record(22, ClientHello.header(type: 2, count: 40) + random.bytes(40))
            ),
            ("a Finished", TLSRecords.record(22, ClientHello.header(type: 20, count: 32) + random.bytes(32))),
            ("a KeyUpdate", TLSRecords.record(22, ClientHello.header(type: 24, count: 1) + [1])),
            ("HelloRequests", repeated(TLSRecords.record(22, [0, 0, 0, 0]), 1000)),
        ]
        inputs += (0..<100).map {
            ("noise \($0), \(random)", random.bytes(Int.random(in: 1...2000, using: &random)))
        }
        for (what, bytes) in inputs {
            let reply = try reply(to: bytes)
            switch reply {
            case .badRequest where ["HTTP", "CONNECT", "much HTTP"].contains(what): break
            case .alert, .nothing: break
            case .serverHello, .badRequest, .other: Issue.record("\(what): \(reply)")
            }
        }
        try abused.expectServesOthers()
        try abused.expectNothingTaken()
        abused.expectQuietLog()
    }

    /// Each is one of a handshake that was possible.
    @Test func alteredHelloNeverStopsOthers() throws {
        var random = SeededGenerator()
        let sound = ClientHello.naming(Array("localhost".utf8)).records()
        for _ in 0..<300 {
            var bytes = sound
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            if random.chance(20) { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
            if case .other(let reply) = try reply(to: bytes), reply.first != 22, reply.first != 21 {
                Issue.record("\(bytes) is answered \(reply), \(random)")
            }
        }
        try abused.expectServesOthers()
        try abused.expectNothingTaken()
    }

    // MARK: Alerts

    @Test func alertsBeforeAndInTheHandshakeDoNoHarm() throws {
        let warning = TLSRecords.record(TLSRecords.alert, [1, 0])
        let fatal = TLSRecords.record(TLSRecords.alert, [2, 40])
        let hello = ClientHello().records()
        let inputs: [(String, [UInt8])] = [
            ("close_notify", warning), ("fatal", fatal), ("close_notify and a hello", warning + hello),
            ("fatal and a hello", fatal + hello), ("half an alert", Array(fatal.prefix(6))),
            ("an alert of one byte", TLSRecords.record(TLSRecords.alert, [2])),
            ("a long alert", TLSRecords.record(TLSRecords.alert, [UInt8](repeating: 1, count: 1000))),
            ("an unknown level", TLSRecords.record(TLSRecords.alert, [7, 7])),
            ("alerts in a hello", Array(hello.prefix(50)) + fatal),
            ("a hello and fatal", hello + fatal), ("a hello and close_notify", hello + warning),
            ("warnings", repeated(TLSRecords.record(TLSRecords.alert, [1, 90]), 100_000)),
            ("a hello and warnings", hello + repeated(TLSRecords.record(TLSRecords.alert, [1, 90]), 1000)),
            ("a hello and change_cipher_specs", hello + repeated(TLSRecords.record(20, [1]), 1000)),
        ]
        for (what, bytes) in inputs {
            let reply = try reply(to: bytes)
            if case .other(let reply) = reply, reply.first != 21 {
                Issue.record("\(what) is answered \(reply)")
            }
        }
        try abused.expectServesOthers()
        try abused.expectNothingTaken()
        abused.expectQuietLog()
    }
}
