import PassimTestKit
import Testing

@testable import PassimDiscovery

/// Reading of packets: RFC 1035, 4, as RFC 6762, 18 has it.
struct DNSMessageTests {
    /// A head with so many questions and answers, and what follows it.
    private func packet(_ questions: Int, answers: Int = 0, flags: UInt16 = 0, _ rest: [UInt8]) -> [UInt8] {
        [0x12, 0x34, UInt8(flags >> 8), UInt8(flags & 255), UInt8(questions >> 8), UInt8(questions & 255)]
            + [UInt8(answers >> 8), UInt8(answers & 255), 0, 0, 0, 0] + rest
    }

    private func parse(_ packet: [UInt8]) -> DNSMessage? {
        packet.withUnsafeBytes { DNSMessage(parsing: $0) }
    }

    private func name(_ text: String) -> DNSName { DNSName(text.split(separator: "."))! }

    private let local: [UInt8] = [5] + Array("local".utf8) + [0]

    @Test func questionAndAnswerAreRead() throws {
        let pointer: [UInt8] = [1, 0x61, 0xC0, 12]
        let answer: [UInt8] = [0xC0, 12, 0, 12, 0x80, 1, 0, 1, 0, 2, 0, UInt8(pointer.count)] + pointer
        let other: [UInt8] = [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 1]
        let message = try #require(
            parse(packet(1, answers: 2, flags: 0x8400, local + [0, 12, 0x80, 1] + other + answer)))
        #expect(message.identifier == 0x1234)
        #expect(message.isResponse && !message.isTruncated && message.isOrdinary)
        #expect(
            message.questions == [
                .init(name: name("local"), type: 12, questionClass: 1, wantsUnicast: true)
            ])
        #expect(
            message.answers == [
                .init(name: name("local"), target: name("a.local"), recordClass: 1, lifetime: 65538)
            ])
    }

    @Test(arguments: [(0x0000, true), (0x0200, true), (0x7800, false), (0x2800, false), (0x0003, false)])
    func onlyStandardQueriesWithoutErrorAreOrdinary(flags: UInt16, isOrdinary: Bool) throws {
        #expect(try #require(parse(packet(0, flags: flags, []))).isOrdinary == isOrdinary)
    }

    @Test func namesAreTheSameInEitherCase() {
        #expect(name("Ab.LOCAL") == name("aB.local"))
        #expect(name("Ab.LOCAL").hashValue == name("aB.local").hashValue)
        #expect(name("ab.local") != name("a.b.local"))
        // Only letters have two cases: @ and ` do not.
        #expect(name("@[") != name("`{"))
    }

    @Test func everythingThatIsCutOffIsRefused() {
        let whole = packet(
            1, answers: 1, local + [0, 12, 0, 1] + [0xC0, 12, 0, 12, 0, 1, 0, 0, 0, 9, 0, 2, 0xC0, 12])
        #expect(parse(whole) != nil)
        for count in 0..<whole.count { #expect(parse(Array(whole.prefix(count))) == nil, "\(count) bytes") }
    }

    // MARK: Compression (RFC 1035, 4.1.4)

    @Test func pointersLeadToEarlierNames() throws {
        let rest =
            local + [0, 12, 0, 1] + [1, 0x61, 0xC0, 12, 0, 12, 0, 1] + [1, 0x62, 0xC0, 23, 0, 12, 0, 1]
        let message = try #require(parse(packet(3, rest)))
        #expect(message.questions.map(\.name) == [name("local"), name("a.local"), name("b.a.local")])
    }

    @Test(
        arguments: [
            // To itself, to its own labels, forward, past the end, and two to each other.
            [0xC0, 12, 0, 12, 0, 1], [1, 0x61, 0xC0, 12, 0, 12, 0, 1], [0xC0, 18, 0, 12, 0, 1, 0],
            [0xC1, 0xFF, 0, 12, 0, 1], [0xC0, 14, 0xC0, 12, 0, 12, 0, 1],
            // Types of labels that there are not (RFC 6891, 5), and one that is cut off.
            [0x40, 0, 0, 12, 0, 1], [0x80, 0, 0, 12, 0, 1], [63, 0x61, 0, 0, 12, 0, 1], [0xC0],
        ] as [[UInt8]])
    func namesWithoutEndAreRefused(question: [UInt8]) {
        #expect(parse(packet(1, question)) == nil)
    }

    @Test func chainOfPointersHasABound() {
        // The root, and pointers each to the one before.
        for (count, isRead) in [(DNSReader.mostJumps, true), (DNSReader.mostJumps + 1, false)] {
            var questions: [UInt8] = [0, 0, 12, 0, 1]
            var target = 12
            for _ in 0..<count {
                let place = 12 + questions.count
                questions += [0xC0 | UInt8(target >> 8), UInt8(target & 255), 0, 12, 0, 1]
                target = place
            }
            #expect((parse(packet(count + 1, questions)) != nil) == isRead, "\(count) pointers")
        }
    }

    @Test func nameHasAtMost255Bytes() {
        func question(_ last: Int) -> [UInt8] {
            let label: [UInt8] = [63] + [UInt8](repeating: 0x78, count: 63)
            return label + label + label + [UInt8(last)] + [UInt8](repeating: 0x78, count: last) + [
                0, 0, 12, 0, 1,
            ]
        }
        #expect(parse(packet(1, question(61))) != nil)
        #expect(parse(packet(1, question(62))) == nil)
    }

    @Test func pointerRecordHasTheSizeThatItSays() {
        for (size, isRead) in [(2, true), (1, false), (3, false), (0, false)] {
            let answer: [UInt8] = [0, 0, 12, 0, 1, 0, 0, 0, 9, 0, UInt8(size), 0xC0, 12, 0, 0]
            #expect((parse(packet(0, answers: 1, answer)) != nil) == isRead, "\(size)")
        }
    }

    @Test func whatIsPastTheBoundIsNotLookedAt() throws {
        let questions = [[UInt8]](repeating: [0, 0, 12, 0, 1], count: 600).flatMap { $0 }
        #expect(try #require(parse(packet(600, questions))).questions.count == DNSMessage.mostEntries)
        // More are promised than there are.
        #expect(
            try #require(parse(packet(65535, answers: 65535, questions))).questions.count
                == DNSMessage.mostEntries)
        #expect(parse(packet(65535, Array(questions.prefix(100)))) == nil)
    }

    // MARK: Properties

    @Test(arguments: 1...8)
    func readsAsTheReferenceDoes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var whole = 0
        for _ in 0..<2000 {
            let packet = RandomMessage.mutate(RandomMessage.make(&random), &random)
            let expected = ReferenceMessage.parse(packet)
            let found = parse(packet)
            if found != nil { whole += 1 }
            guard found != expected else { continue }
            Issue.record(
                "\(random): \(packet): \(String(describing: found)), not \(String(describing: expected))")
            return
        }
        // Both kinds come up.
        #expect((400...1900).contains(whole), "\(whole)")
    }

    @Test(arguments: 1...4)
    func whatIsWrittenIsReadAgain(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            guard let message = parse(RandomMessage.make(&random)) else { continue }
            var writer = DNSWriter(identifier: message.identifier, flags: message.flags, limit: 9000)
            for question in message.questions {
                if !writer.add(question) { Issue.record("no room") }
            }
            for answer in message.answers {
                if !writer.add(answer) { Issue.record("no room") }
            }
            #expect(parse(writer.bytes) == message, "\(random)")
            #expect(ReferenceMessage.parse(writer.bytes) == message, "\(random)")
        }
    }
}
