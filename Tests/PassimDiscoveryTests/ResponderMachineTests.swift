import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

/// RFC 6762 by its sections, on packets.
struct ResponderMachineTests {
    // MARK: Section 6, responding

    @Test func questionIsAnsweredOnceForAll() throws {
        let rig = MachineRig("here", "there")
        rig.ask("here")
        let sent = rig.pass(1000)
        let packet = try #require(sent.first)
        #expect(sent.count == 1)
        #expect(packet.answers == [MachineRig.record("here")])
        // Section 18: no number, an authoritative answer, neither TC nor an error, and no question.
        #expect(packet.message.identifier == 0)
        #expect(packet.message.flags == 0x8400)
        #expect(packet.message.questions.isEmpty)
        #expect(packet.receiver == nil)
    }

    @Test func sharedRecordsWaitForTwentyTo120Milliseconds() {
        for delay in [20, 70, 120] as [UInt64] {
            let rig = MachineRig("here")
            rig.delays = [delay]
            rig.ask("here")
            #expect(rig.delayRanges == [20_000_000...120_000_000])
            #expect(rig.pass(delay - 1) == [])
            #expect(rig.pass(1).count == 1)
        }
    }

    @Test func whatIsNotHereIsNotAnswered() {
        let rig = MachineRig("here")
        rig.ask("elsewhere")
        #expect(rig.due == nil)
        #expect(rig.pass(1000) == [])
        // Gone between question and answer.
        rig.ask("here")
        rig.texts = []
        #expect(rig.pass(1000) == [])
    }

    @Test(
        arguments: [
            (12, 1, true), (255, 1, true), (12, 255, true), (1, 1, false), (33, 1, false), (12, 3, false),
            (16, 255, false),
        ] as [(UInt16, UInt16, Bool)])
    func onlyItsTypeAndClassAreAnswered(type: UInt16, kind: UInt16, isAnswered: Bool) {
        let rig = MachineRig("here")
        rig.receive(MachineRig.packet([MachineRig.question("here", type: type, class: kind)]))
        #expect(rig.pass(1000).count == (isAnswered ? 1 : 0))
    }

    @Test func caseOfANameDoesNotMatter() {
        let rig = MachineRig("here")
        let name = DNSName(
            unchecked: MachineRig.names.name(of: MachineRig.prefix("here")).bytes.map { byte in
                byte &- 0x61 < 26 ? byte & 0xDF : byte
            })
        rig.receive(MachineRig.packet([.init(name: name, type: 12, questionClass: 1, wantsUnicast: false)]))
        #expect(rig.pass(1000).map(\.answers) == [[MachineRig.record("here")]])
    }

    @Test func severalQuestionsHaveOneAnswer() throws {
        let rig = MachineRig("one", "two", "three")
        rig.delays = [100, 60, 90]
        rig.ask("one", "two", "four")
        // Of two who ask the same, one answer serves both; and who may be answered already is answered with.
        rig.pass(10)
        rig.ask("two", "three")
        rig.pass(45)
        rig.ask("one")
        let sent = rig.pass(1000)
        #expect(sent.count == 1)
        let answers = try #require(sent.first).answers
        #expect(Set(answers.map(\.name)).count == 3 && answers.count == 3)
        #expect(rig.counters.answers == 3)
    }

    @Test func whatMayNotBeAnsweredYetDoesNotGoWithTheOthers() {
        let rig = MachineRig("one", "two")
        rig.delays = [30, 120]
        rig.ask("one")
        rig.pass(20)
        rig.ask("two")
        // 10 ms after its question.
        #expect(rig.pass(10).map(\.answers) == [[MachineRig.record("one")]])
        #expect(rig.pass(120).map(\.answers) == [[MachineRig.record("two")]])
    }

    @Test func recordIsMulticastOnceASecond() {
        let rig = MachineRig("here")
        rig.ask("here")
        #expect(rig.pass(20).count == 1)
        // Who has come since is answered when the second is over.
        for _ in 0..<9 {
            rig.pass(100)
            rig.ask("here")
        }
        #expect(rig.pass(99) == [])
        #expect(rig.pass(1).count == 1)
        #expect(rig.pass(5000) == [])
    }

    @Test func answersFillPacketsThatEveryLinkTakes() {
        let rig = MachineRig()
        let texts = (0..<100).map { "text \($0)" }
        rig.texts = Set(texts)
        rig.receive(MachineRig.packet(texts.map { MachineRig.question($0) }))
        let sent = rig.pass(1000)
        #expect(Set(sent.flatMap(\.answers).map(\.name)) == Set(texts.map { MachineRig.record($0).name }))
        #expect(sent.allSatisfy { $0.size <= AnswerRules.packetSize && $0.message.flags == 0x8400 })
        #expect(sent.count < 10)
    }

    @Test func questionsOfOtherNamesAreNothingToUs() {
        let rig = MachineRig("here")
        let hex = Digest(of: "here").hex
        let others = [
            "_cache._tcp.local", "_\(hex.prefix(59))._sub._cache._tcp.local",
            "_\(hex.prefix(61))._sub._cache._tcp.local", "x\(hex.prefix(60))._sub._cache._tcp.local",
            "_\(hex.prefix(60))._cache._tcp.local", "_\(hex.prefix(60))._sub._cache._udp.local",
            "_\(hex.prefix(60))._sub._cache._tcp.home", "_\(hex.prefix(59))g._sub._cache._tcp.local",
            "_\(hex.prefix(60))._sub._cache._tcp.local.local", "_services._dns-sd._udp.local",
        ]
        for other in others {
            let name = DNSName(other.split(separator: "."))!
            rig.receive(
                MachineRig.packet([.init(name: name, type: 12, questionClass: 1, wantsUnicast: false)]))
        }
        #expect(rig.due == nil && rig.counters.questions == 0 && rig.counters.packets == UInt64(others.count))
    }

    // MARK: Section 5.4, unicast answers

    @Test func answerThatOthersHaveHeardIsUnicastOnRequest() throws {
        let rig = MachineRig("here")
        rig.settle("here")
        rig.pass(1200)
        rig.ask("here", unicast: true)
        let sent = rig.pass(1000)
        #expect(sent.map(\.receiver) == ["10.77.0.2:5353"])
        #expect(sent.map(\.answers) == [[MachineRig.record("here")]])
        #expect(try #require(sent.first).message.identifier == 0)
        #expect(rig.counters.privateAnswers == 1)
    }

    @Test func answerThatOthersHaveNotHeardForAQuarterOfItsLifeIsMulticast() {
        let rig = MachineRig("here")
        rig.ask("here", unicast: true)
        #expect(rig.pass(1000).map(\.receiver) == [nil])
        rig.pass(1600)
        rig.ask("here", unicast: true)
        #expect(rig.pass(1000).map(\.receiver) == [nil])
    }

    @Test func whoAlsoAsksForAllIsAnsweredForAll() {
        let rig = MachineRig("here")
        rig.settle("here")
        rig.pass(1000)
        rig.receive(
            MachineRig.packet([
                MachineRig.question("here", unicast: true), MachineRig.question("here", type: 255),
            ]))
        #expect(rig.pass(1000).map(\.receiver) == [nil])
    }

    // MARK: Section 6.7, resolvers that do not know mDNS

    @Test func legacyResolverIsAnsweredAsByAnyServer() throws {
        let rig = MachineRig("here")
        let question = MachineRig.question("here")
        rig.receive(MachineRig.packet(identifier: 0xBEEF, [question]), port: 40000)
        let sent = rig.pass(1000)
        let packet = try #require(sent.first)
        #expect(sent.count == 1)
        #expect(packet.receiver == "10.77.0.2:40000")
        #expect(packet.message.identifier == 0xBEEF)
        #expect(packet.message.flags == 0x8400)
        #expect(packet.message.questions == [question])
        #expect(packet.answers.map(\.target) == [MachineRig.names.target])
        #expect(packet.answers.allSatisfy { $0.lifetime <= 10 })
        // Nobody else has heard it.
        rig.ask("here")
        #expect(rig.pass(20).map(\.receiver) == [nil])
    }

    @Test func questionsOfOneResolverWithOtherNumbersAreOthers() {
        let rig = MachineRig("here")
        for identifier in 1...3 as ClosedRange<UInt16> {
            rig.receive(MachineRig.packet(identifier: identifier, [MachineRig.question("here")]), port: 40000)
        }
        #expect(Set(rig.pass(1000).map(\.message.identifier)) == [1, 2, 3])
    }

    @Test func legacyResolverIsNotToldOfWhatIsNotHere() {
        let rig = MachineRig("here")
        rig.receive(MachineRig.packet(identifier: 1, [MachineRig.question("elsewhere")]), port: 40000)
        rig.receive(MachineRig.packet(identifier: 2, [MachineRig.question("here")]), port: 40000)
        rig.texts = []
        #expect(rig.pass(1000) == [])
    }

    // MARK: Section 7.1, known answers

    @Test(arguments: [(10, false), (5, false), (4, true), (0, true)])
    func whatIsKnownForHalfItsLifeIsNotAnswered(lifetime: UInt32, isAnswered: Bool) {
        let rig = MachineRig("here", "there")
        rig.ask("here", known: [MachineRig.record("here", lifetime: lifetime)])
        #expect(rig.pass(1000).count == (isAnswered ? 1 : 0))
    }

    @Test func onlyTheSameAnswerIsKnown() {
        let rig = MachineRig("here")
        rig.ask(
            "here", known: [MachineRig.record("here", instance: "Passim-FFFF"), MachineRig.record("there")])
        #expect(rig.pass(1000).count == 1)
    }

    @Test func whatOneKnowsAnotherMayNot() {
        let rig = MachineRig("here")
        rig.ask("here")
        rig.ask("here", known: [MachineRig.record("here")], from: IPAddress("10.77.0.9")!)
        #expect(rig.pass(1000).count == 1)
    }

    // MARK: Section 7.2, known answers in several packets

    @Test func furtherKnownAnswersAreWaitedFor() {
        let rig = MachineRig("one", "two", "three")
        rig.delays = [450]
        rig.ask("one", "two", "three", known: [MachineRig.record("one")], truncated: true)
        #expect(rig.delayRanges.first == 400_000_000...500_000_000)
        rig.delays = [430]
        rig.pass(30)
        rig.ask(known: [MachineRig.record("two")], truncated: true)
        // From the last packet on.
        #expect(rig.pass(429) == [])
        #expect(rig.pass(1).map(\.answers) == [[MachineRig.record("three")]])
        #expect(rig.pass(1000) == [])
    }

    @Test func lastPacketOfKnownAnswersEndsTheWait() {
        let rig = MachineRig("one", "two")
        rig.ask("one", "two", truncated: true)
        rig.pass(5)
        rig.ask(known: [MachineRig.record("two")])
        #expect(rig.pass(19) == [])
        #expect(rig.pass(1).map(\.answers) == [[MachineRig.record("one")]])
    }

    @Test func whatIsAllKnownInTheEndIsNotAnswered() {
        let rig = MachineRig("one")
        rig.ask("one", truncated: true)
        rig.ask(known: [MachineRig.record("one")])
        #expect(rig.pass(2000) == [])
    }

    @Test func othersKnownAnswersAreNotTheAskers() {
        let rig = MachineRig("one")
        rig.ask("one", truncated: true)
        rig.ask(known: [MachineRig.record("one")], from: IPAddress("10.77.0.9")!)
        #expect(rig.pass(399) == [])
        #expect(rig.pass(1).count == 1)
    }

    @Test func whoNeverEndsIsAnsweredAllTheSame() {
        let rig = MachineRig("one")
        rig.ask("one", truncated: true)
        var sent: [MachineRig.Sent] = []
        for _ in 0..<30 {
            sent += rig.pass(100)
            rig.ask(known: [MachineRig.record("other")], truncated: true)
        }
        #expect(sent.count == 1)
    }

    @Test func moreThanCanBeWaitedForIsAnsweredAtOnce() {
        let rig = MachineRig("one")
        for host in 1...UInt32(AnswerRules.mostTruncated) {
            rig.ask("one", truncated: true, from: IPAddress(ipv4: 0x0A4D_0000 + host))
        }
        #expect(rig.pass(100) == [])
        rig.ask("one", truncated: true, from: IPAddress("10.77.0.200")!)
        #expect(rig.pass(100).count == 1)
    }

    // MARK: Section 7.4, answers of others

    @Test(arguments: [(10, false), (11, false), (9, true), (1, true)])
    func answerThatSomebodyElseHasGivenIsNotGiven(lifetime: UInt32, isGiven: Bool) {
        let rig = MachineRig("here")
        rig.ask("here")
        rig.pass(10)
        rig.hear(MachineRig.record("here", lifetime: lifetime))
        #expect(rig.pass(500).count == (isGiven ? 1 : 0))
        #expect(rig.counters.suppressed == (isGiven ? 0 : 1))
        guard !isGiven else { return }
        // It counts as multicast: not again within the second.
        rig.ask("here")
        #expect(rig.pass(489) == [])
        #expect(rig.pass(11).count == 1)
    }

    @Test func otherAnswersAreNotOurs() {
        let rig = MachineRig("here")
        rig.ask("here")
        rig.hear(MachineRig.record("here", instance: "Passim-FFFF"), MachineRig.record("there"))
        // Section 6: from another port it is no answer at all.
        rig.hear(MachineRig.record("here"), port: 5354)
        #expect(rig.pass(500).count == 1)
    }

    // MARK: Section 10.1, goodbye

    @Test func whatIsGoneIsTakenBackWhereSomebodyMayHoldIt() {
        let rig = MachineRig("one", "two", "three")
        rig.settle("one")
        rig.settle("two")
        rig.texts = ["two"]
        #expect(rig.recheck().map(\.answers) == [[MachineRig.record("one", lifetime: 0)]])
        #expect(rig.recheck() == [])
        // Nobody holds it any more.
        rig.pass(10_000)
        rig.texts = []
        #expect(rig.recheck() == [])
    }

    @Test func endTakesBackWhatOthersHold() {
        let rig = MachineRig("one", "two")
        rig.settle("one")
        rig.ask("two")
        #expect(
            rig.fallSilent(sayingGoodbye: true).map(\.answers) == [[MachineRig.record("one", lifetime: 0)]])
        // And then there is silence.
        rig.ask("one", "two")
        #expect(rig.pass(2000) == [])
    }

    @Test func whoTakesOverIsNotContradicted() {
        let rig = MachineRig("one", "two")
        rig.settle("one")
        rig.ask("two")
        // The other had not the record when this was asked.
        #expect(rig.fallSilent(sayingGoodbye: false).map(\.answers) == [[MachineRig.record("two")]])
        rig.ask("one")
        #expect(rig.pass(2000) == [])
    }

    @Test func anotherNameTakesTheOldAnswersBack() {
        let rig = MachineRig("one")
        rig.settle("one")
        #expect(rig.answer(as: "Passim-0001").map(\.answers) == [[MachineRig.record("one", lifetime: 0)]])
        #expect(rig.answer(as: "Passim-0001") == [])
        rig.ask("one", known: [MachineRig.record("one")])
        #expect(rig.pass(20).map(\.answers) == [[MachineRig.record("one", instance: "Passim-0001")]])
    }

    @Test func whatSomebodyElseTakesBackIsSaidAgain() {
        let rig = MachineRig("here")
        rig.hear(MachineRig.record("here", lifetime: 0), MachineRig.record("there", lifetime: 0))
        #expect(rig.pass(1000).map(\.answers) == [[MachineRig.record("here")]])
    }

    // MARK: Section 11, who is of the link

    @Test(
        arguments: [
            ("10.77.0.2", 255, true), ("10.77.0.2", 1, true), ("10.77.0.2", nil, true),
            ("192.0.2.1", 255, true),
            ("192.0.2.1", 254, false), ("192.0.2.1", nil, false), ("10.77.1.1", 64, false),
        ] as [(String, Int?, Bool)])
    func onlyNeighboursAreAnswered(address: String, hops: Int?, isAnswered: Bool) {
        let rig = MachineRig("here")
        rig.ask("here", from: IPAddress(address)!, hops: hops)
        #expect(rig.pass(1000).count == (isAnswered ? 1 : 0))
        #expect(rig.counters.foreign == (isAnswered ? 0 : 1))
    }

    @Test func nothingIsSentToAnAddressFromElsewhere() {
        // A source can be forged, also with a TTL of 255 on the link.
        let rig = MachineRig("here")
        rig.settle("here")
        rig.pass(1000)
        rig.ask("here", unicast: true, from: IPAddress("192.0.2.1")!)
        rig.receive(
            MachineRig.packet(identifier: 1, [MachineRig.question("here")]), from: IPAddress("192.0.2.1")!,
            port: 53)
        #expect(rig.pass(1000).allSatisfy { $0.receiver == nil })
    }

    // MARK: Section 14, several links

    @Test func eachLinkIsAnsweredForItself() {
        let rig = MachineRig("here")
        let second = Link(interface: 2, isIPv6: true)
        rig.add(second, "fd77::/64")
        rig.ask("here")
        #expect(rig.pass(20).map(\.link) == [MachineRig.link])
        // The second of the one does not count on the other.
        rig.ask("here", from: IPAddress("fd77::2")!, on: second)
        #expect(rig.pass(20).map(\.link) == [second])
        rig.ask("here", from: MachineRig.neighbour, hops: 64, on: second)
        #expect(rig.counters.foreign == 1)
    }

    @Test func linkThatGoesTakesItsAnswersAlong() {
        let rig = MachineRig("here")
        rig.settle("here")
        rig.pass(1000)
        rig.ask("here")
        rig.ask("here", truncated: true, from: IPAddress("10.77.0.7")!)
        rig.remove(MachineRig.link)
        #expect(rig.pass(1000) == [])
        rig.ask("here")
        #expect(rig.pass(1000) == [])
        // It knows nothing of before.
        rig.add(MachineRig.link, "10.77.0.0/24")
        rig.ask("here")
        #expect(rig.pass(20).count == 1)
    }

    // MARK: Section 18 and whatever else comes in

    @Test(arguments: [0x0800, 0x2800, 0x7800, 0x0001, 0x000F])
    func operationsAndErrorsAreIgnored(flags: UInt16) {
        let rig = MachineRig("here")
        rig.receive(MachineRig.packet(flags: flags, [MachineRig.question("here")]))
        #expect(rig.pass(1000) == [])
        #expect(rig.counters.malformed == 1)
    }

    @Test(arguments: 1...4)
    func anythingMayComeIn(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let rig = MachineRig("here", "there")
        var ours = MachineRig.packet(
            identifier: 5, [MachineRig.question("here"), MachineRig.question("there", unicast: true)],
            answers: [MachineRig.record("here")])
        for round in 0..<1000 {
            let packet = RandomMessage.mutate(round % 2 == 0 ? ours : RandomMessage.make(&random), &random)
            ours[2] = random.pick([0, 0x02, 0x84])
            rig.receive(
                packet, from: IPAddress(ipv4: 0x0A4D_0000 + UInt32.random(in: 0...300, using: &random)),
                port: random.pick([0, 53, 5353, 5353]), hops: random.pick([nil, 64, 255]))
            for sent in rig.pass(UInt64.random(in: 0...40, using: &random)) {
                #expect(!sent.answers.isEmpty && sent.message.flags == 0x8400, "\(random)")
            }
        }
    }

    // MARK: Bounds

    @Test func questionThatIsRepeatedCostsOneAnswer() {
        let rig = MachineRig("here", "there")
        let repeated = Array(repeating: MachineRig.question("here"), count: 512)
        for number in 0..<100 as Range<UInt16> {
            rig.receive(MachineRig.packet(identifier: number, repeated), port: 40_000)
            rig.receive(MachineRig.packet(identifier: 7, repeated), port: 40_001)
            rig.receive(MachineRig.packet(repeated))
        }
        rig.ask("there")
        let sent = rig.pass(120)
        #expect(rig.counters.dropped == 0)
        #expect(sent.flatMap(\.answers).contains(MachineRig.record("there")))
        // RFC 6762, 6.7: the question is said again, once.
        let answers = sent.filter { $0.receiver == "10.77.0.2:40000" }
        #expect(answers.count == 100)
        for answer in answers {
            #expect(answer.message.questions == [MachineRig.question("here")])
            #expect(answer.answers.count == 1)
        }
        #expect(sent.count { $0.receiver == "10.77.0.2:40001" } == 1)
    }

    @Test func floodIsAnsweredWithinBounds() {
        let rig = MachineRig()
        let texts = (0..<120).map { "text \($0)" }
        rig.texts = Set(texts)
        // 12 000 questions in 100 ms.
        for round in 0..<100 {
            rig.pass(1)
            rig.receive(
                MachineRig.packet(identifier: UInt16(round), texts.map { MachineRig.question($0) }),
                from: IPAddress(ipv4: 0x0A4D_0000 + UInt32(round)), port: 1024 + UInt16(round))
        }
        rig.pass(200)
        let total = rig.counters.answers + rig.counters.privateAnswers
        #expect(total <= AnswerRules.burst + AnswerRules.rate)
        #expect(rig.counters.dropped > 0)
        // And then others are answered again.
        rig.pass(1000)
        rig.ask("text 1")
        #expect(rig.pass(120).count == 1)
    }
}
