import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery

/// A responder without network and clock: packets of neighbours go in, time passes when it is told to, and what
/// comes out is read again.
final class MachineRig {
    static let link = Link(interface: 2, isIPv6: false)
    static let names = AnswerNames(instance: "Passim-1A2B", domain: "local")
    static let neighbour = IPAddress("10.77.0.2")!

    /// The digests of these texts are here.
    var texts: Set<String> {
        didSet { prefixes = Set(texts.map { MachineRig.prefix($0) }) }
    }
    private var prefixes: Set<DigestPrefix> = []
    /// What the next delays are, in milliseconds; the shortest possible where there are none.
    var delays: [UInt64] = []
    private(set) var delayRanges: [ClosedRange<UInt64>] = []
    /// Milliseconds.
    private(set) var now: UInt64 = 1_000_000
    private var machine: ResponderMachine!

    struct Sent: Equatable {
        var time: UInt64
        var link = MachineRig.link
        var receiver: String?
        var message: DNSMessage
        var size: Int

        /// The texts whose digests are answered for.
        var answers: [DNSMessage.Pointer] { message.answers }
    }

    init(_ texts: String...) {
        self.texts = Set(texts)
        prefixes = Set(texts.map { MachineRig.prefix($0) })
        machine = ResponderMachine(
            knows: { [unowned self] prefix in prefixes.contains(prefix) },
            random: { [unowned self] range in
                delayRanges.append(range)
                return delays.isEmpty ? range.lowerBound : delays.removeFirst() * 1_000_000
            })
        machine.add(MachineRig.link, networks: [Network("10.77.0.0/24")!])
        #expect(machine.answer(as: MachineRig.names, at: nanoseconds).isEmpty)
    }

    private var nanoseconds: UInt64 { now * 1_000_000 }

    static func prefix(_ text: String) -> DigestPrefix { DigestPrefix(Digest(of: text)) }

    static func record(_ text: String, lifetime: UInt32 = 10, instance: String = "Passim-1A2B")
        -> DNSMessage.Pointer
    {
        AnswerNames(instance: instance, domain: "local").record(of: prefix(text), lifetime: lifetime)
    }

    static func question(_ text: String, type: UInt16 = 12, unicast: Bool = false, class kind: UInt16 = 1)
        -> DNSMessage.Question
    {
        .init(name: names.name(of: prefix(text)), type: type, questionClass: kind, wantsUnicast: unicast)
    }

    // MARK: What comes in

    var counters: AnswerCounters { machine.counters }
    var due: UInt64? { machine.due.map { $0 / 1_000_000 } }

    func receive(
        _ packet: [UInt8], from address: IPAddress = neighbour, port: UInt16 = 5353, hops: Int? = 255,
        on link: Link = link
    ) {
        packet.withUnsafeBytes {
            machine.receive(
                $0, from: .init(address: address, port: port, hops: hops), on: link, at: nanoseconds)
        }
    }

    static func packet(
        identifier: UInt16 = 0, flags: UInt16 = 0, _ questions: [DNSMessage.Question],
        answers: [DNSMessage.Pointer] = []
    ) -> [UInt8] {
        var writer = DNSWriter(identifier: identifier, flags: flags, limit: 9000)
        for question in questions {
            if !writer.add(question) { Issue.record("no room") }
        }
        for answer in answers {
            if !writer.add(answer) { Issue.record("no room") }
        }
        return writer.bytes
    }

    /// A neighbour asks for digests of texts.
    func ask(
        _ texts: String..., unicast: Bool = false, known: [DNSMessage.Pointer] = [], truncated: Bool = false,
        from address: IPAddress = neighbour, hops: Int? = 255, on link: Link = link
    ) {
        let questions = texts.map { MachineRig.question($0, unicast: unicast) }
        receive(
            MachineRig.packet(flags: truncated ? 0x0200 : 0, questions, answers: known), from: address,
            hops: hops, on: link)
    }

    /// Another responder of the link answers.
    func hear(_ answers: DNSMessage.Pointer..., port: UInt16 = 5353) {
        receive(
            MachineRig.packet(flags: 0x8400, [], answers: answers), from: IPAddress("10.77.0.3")!, port: port)
    }

    // MARK: What goes out

    private func read(_ packets: [ResponderMachine.Packet]) -> [Sent] {
        packets.map { packet in
            guard let message = packet.bytes.withUnsafeBytes({ DNSMessage(parsing: $0) }) else {
                Issue.record("malformed: \(packet.bytes)")
                return Sent(time: now, message: .init(identifier: 0, flags: 0), size: 0)
            }
            let receiver = packet.receiver.map { "\($0.address):\($0.port)" }
            return Sent(
                time: now, link: packet.link, receiver: receiver, message: message, size: packet.bytes.count)
        }
    }

    /// Lets time pass, to the millisecond.
    @discardableResult
    func pass(_ milliseconds: UInt64) -> [Sent] {
        let end = now + milliseconds
        var sent: [Sent] = []
        while let due = machine.due, due <= end * 1_000_000 {
            now = max(now, (due + 999_999) / 1_000_000)
            sent += read(machine.take(at: nanoseconds))
        }
        now = end
        return sent + read(machine.take(at: nanoseconds))
    }

    /// Asks for a text, and has it answered.
    func settle(_ text: String) {
        ask(text)
        #expect(pass(120).count == 1)
    }

    func recheck() -> [Sent] { read(machine.recheck(at: nanoseconds)) }

    func answer(as instance: String) -> [Sent] {
        read(machine.answer(as: AnswerNames(instance: instance, domain: "local"), at: nanoseconds))
    }

    func fallSilent(sayingGoodbye: Bool) -> [Sent] {
        read(machine.fallSilent(sayingGoodbye: sayingGoodbye, at: nanoseconds))
    }

    func add(_ link: Link, _ network: String) { machine.add(link, networks: [Network(network)!]) }
    func remove(_ link: Link) { machine.remove(link) }
}
