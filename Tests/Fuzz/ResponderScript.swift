import PassimCore

@testable import PassimDiscovery

/// A responder and what happens to it. A step is a word and numbers: of digests (up to 99, of which 0 to 49
/// are there), of milliseconds for `pass`, of questions for `flood`.
struct ResponderScript {
    private final class KnownPrefixes {
        var prefixes: Set<DigestPrefix> = []
    }

    private let known = KnownPrefixes()
    private var machine: ResponderMachine
    private var names = AnswerNames(instance: "Passim-1A2B", domain: "local")
    private var instances = 0
    /// Milliseconds.
    private var now: UInt64 = 1_000_000
    /// Ever asked for, or named by others.
    private var asked: Set<DigestPrefix> = []
    /// Answers since the beginning, to everybody and to one: what a budget bounds.
    private var answers: UInt64 = 0
    private let start: UInt64
    /// That may still come: enough for the burst of the budget, twice over, and soon over.
    private var floodPackets: UInt64 = 200
    /// Each has a budget of its own.
    private var beginnings: UInt64 = 1

    private static let link = Link(interface: 2, isIPv6: false)
    private static let neighbour = IPAddress("10.77.0.2")!
    private static let stranger = IPAddress("203.0.113.9")!

    init() {
        let known = known
        machine = ResponderMachine(knows: { known.prefixes.contains($0) }, random: { $0.lowerBound })
        start = now
        known.prefixes = Set((0..<50).map { ResponderScript.prefix($0) })
        machine.add(ResponderScript.link, networks: [Network("10.77.0.0/24")!])
        _ = machine.answer(as: names, at: nanoseconds)
    }

    private var nanoseconds: UInt64 { now * 1_000_000 }

    private static func prefix(_ number: UInt64) -> DigestPrefix {
        DigestPrefix(Digest(words: (number &* 0x9E37_79B9_7F4A_7C15, number, 0, 0xFFFF)))
    }

    mutating func perform(_ line: String) throws(Flaw) {
        let words = line.split(separator: " ")
        let numbers = words.dropFirst().compactMap { UInt64($0) }.prefix(100)
        let digests = numbers.map { ResponderScript.prefix($0 % 100) }
        switch words.first {
        case "ask": receive(questions(digests))
        case "unicast": receive(questions(digests, unicast: true))
        case "any": receive(questions(digests, type: 255))
        case "truncated": receive(questions(digests), flags: 0x0200)
        case "known": receive([], answers: records(digests, 10))
        case "legacy": receive(questions(digests), port: 40_000 + UInt16((numbers.first ?? 0) % 300))
        case "hear": receive([], flags: 0x8400, answers: records(digests, 10))
        case "goodbye": receive([], flags: 0x8400, answers: records(digests, 0))
        case "far": try receiveFromAfar(questions(digests), hops: 64)
        case "relayed": receive(questions(digests), from: ResponderScript.stranger)
        case "flood": flood(min(numbers.first ?? 0, 6000))
        case "pass": try pass(min(numbers.first ?? 0, 20_000))
        case "forget": known.prefixes.subtract(digests)
        case "recheck": try take(machine.recheck(at: nanoseconds), goodbye: true)
        case "rename": try rename()
        case "silence":
            let packets = machine.fallSilent(sayingGoodbye: numbers.isEmpty, at: nanoseconds)
            try take(packets, goodbye: numbers.isEmpty)
            beginnings += 1
        case "unlink": machine.remove(ResponderScript.link)
        case "link":
            beginnings += 1
            machine.add(ResponderScript.link, networks: [Network("10.77.0.0/24")!])
        case "packet": deliver(bytes(words.dropFirst()), ResponderScript.neighbour)
        default: break
        }
    }

    // MARK: - What comes in

    private func questions(
        _ digests: [DigestPrefix], unicast: Bool = false, type: UInt16 = 12
    ) -> [DNSMessage.Question] {
        digests.map {
            .init(name: names.name(of: $0), type: type, questionClass: 1, wantsUnicast: unicast)
        }
    }

    private func records(_ digests: [DigestPrefix], _ lifetime: UInt32) -> [DNSMessage.Pointer] {
        digests.map { names.record(of: $0, lifetime: lifetime) }
    }

    private mutating func receive(
        _ questions: [DNSMessage.Question], flags: UInt16 = 0, answers: [DNSMessage.Pointer] = [],
        from address: IPAddress = neighbour, port: UInt16 = 5353, hops: Int = 255, isNew: Bool = true
    ) {
        var writer = DNSWriter(identifier: 7, flags: flags, limit: 9000)
        for question in questions where !writer.add(question) { break }
        for answer in answers where !writer.add(answer) { break }
        deliver(writer.bytes, address, port, hops, isNew: isNew)
    }

    private mutating func deliver(
        _ packet: [UInt8], _ address: IPAddress, _ port: UInt16 = 5353, _ hops: Int = 255, isNew: Bool = true
    ) {
        if isNew, let message = ReferenceMessage.parse(packet) {
            asked.formUnion(message.questions.compactMap { names.prefix(of: $0) })
            // A goodbye of others is answered.
            asked.formUnion(message.answers.compactMap { names.prefix(of: $0) })
        }
        withExactly(packet) {
            machine.receive(
                $0, from: .init(address: address, port: port, hops: hops), on: ResponderScript.link,
                at: nanoseconds)
        }
    }

    private mutating func receiveFromAfar(_ questions: [DNSMessage.Question], hops: Int) throws(Flaw) {
        let before = machine.counters
        receive(questions, from: ResponderScript.stranger, hops: hops)
        try checkEqual(machine.counters.questions, before.questions, "questions from afar")
    }

    /// 50 questions in each packet, for the same few, and each from a port of its own.
    private mutating func flood(_ count: UInt64) {
        let digests = (0..<min(count, 50)).map { ResponderScript.prefix($0) }
        asked.formUnion(digests)
        let packets = min(count / 50, floodPackets)
        floodPackets -= packets
        for packet in 0..<packets {
            receive(questions(digests), port: UInt16(10_000 + packet), isNew: false)
        }
    }

    private func bytes(_ words: ArraySlice<Substring>) -> [UInt8] {
        let digits = Array(words.joined().utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).map {
            hexValue(digits[$0]) & 15 << 4 | hexValue(digits[$0 + 1]) & 15
        }
    }

    // MARK: - What goes out

    private mutating func pass(_ milliseconds: UInt64) throws(Flaw) {
        let end = now + milliseconds
        var turns = 0
        while let due = machine.due, due <= end * 1_000_000 {
            now = max(now, (due + 999_999) / 1_000_000)
            try take(machine.take(at: nanoseconds))
            turns += 1
            try check(turns < 20_000, "it is due for ever")
        }
        now = end
        try take(machine.take(at: nanoseconds))
    }

    private mutating func rename() throws(Flaw) {
        instances += 1
        let next = AnswerNames(instance: "Passim-\(1000 + instances)", domain: "local")
        try take(machine.answer(as: next, at: nanoseconds), goodbye: true)
        beginnings += 1
        names = next
    }

    private mutating func take(_ packets: [ResponderMachine.Packet], goodbye: Bool = false) throws(Flaw) {
        for packet in packets {
            try check(packet.bytes.count <= AnswerRules.packetSize, "\(packet.bytes.count) bytes")
            let message = withExactly(packet.bytes) { DNSMessage(parsing: $0) }
            guard let message, message.isResponse else {
                throw Flaw(description: "no answer: \(packet.bytes)")
            }
            if let receiver = packet.receiver {
                try checkEqual(receiver.address, ResponderScript.neighbour, "told alone")
            }
            try check(!message.answers.isEmpty, "an answer without any")
            for answer in message.answers { try take(answer, goodbye: goodbye) }
        }
        let most = beginnings * AnswerRules.burst + (now - start) * AnswerRules.rate / 1000 + 1
        try check(answers <= most, "\(answers) answers in \(now - start) ms")
    }

    private mutating func take(_ answer: DNSMessage.Pointer, goodbye: Bool) throws(Flaw) {
        answers += 1
        guard let prefix = names.prefix(of: answer) else { throw Flaw(description: "\(answer)") }
        try check(asked.contains(prefix), "nobody has asked for \(answer.name)")
        if goodbye, answer.lifetime == 0 { return }
        try check(answer.lifetime > 0, "goodbye to \(answer.name)")
        try check(known.prefixes.contains(prefix), "\(answer.name) is not here")
    }
}
