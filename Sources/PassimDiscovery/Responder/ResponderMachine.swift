// A responder for the PTR records of digests, as far as RFC 6762 asks it of one that has shared records only.
// It knows no socket and no clock: packets and the time go in, packets come out, and it keeps nothing of a digest
// that nobody has asked for lately.

internal import PassimCore

struct ResponderMachine {
    struct Sender {
        var address: IPAddress
        var port: UInt16
        /// The packet's TTL or hop limit on arrival; nil where the kernel did not tell.
        var hops: Int?
    }

    struct Packet {
        var link: Link
        /// nil: everybody.
        var receiver: (address: IPAddress, port: UInt16)?
        var bytes: [UInt8]
    }

    /// Tells if a digest that begins so is to be found here; asked anew for each answer.
    private let knows: (DigestPrefix) -> Bool
    private let random: (ClosedRange<UInt64>) -> UInt64
    private var links: [Link: LinkAnswers] = [:]
    private var deferred = DeferredQuestions()
    /// The names that are answered; nil while nothing is.
    private(set) var names: AnswerNames?
    var counters = AnswerCounters()

    init(
        knows: @escaping (DigestPrefix) -> Bool,
        random: @escaping (ClosedRange<UInt64>) -> UInt64 = { .random(in: $0) }
    ) {
        self.knows = knows
        self.random = random
    }

    // MARK: - Who and where

    /// From now on these answers are given. Others than before take the old ones back.
    mutating func answer(as names: AnswerNames, at now: UInt64) -> [Packet] {
        if self.names == names { return [] }
        let packets = fallSilent(sayingGoodbye: true, at: now)
        self.names = names
        return packets
    }

    /// No more answers.
    ///
    /// - Parameter sayingGoodbye: whether those of before are not true any more; else somebody else gives them.
    mutating func fallSilent(sayingGoodbye: Bool, at now: UInt64) -> [Packet] {
        guard let names else { return [] }
        var packets: [Packet] = []
        for link in links.keys {
            if sayingGoodbye {
                packets += packed(
                    links[link]!.sayGoodbye(at: now, names, &counters) { _ in true }, on: link)
            } else {
                // Answers for those who were asked before the other had the record.
                packets += packed(
                    links[link]!.take(at: now, names, everything: true, &counters, knows: knows), on: link)
            }
            links[link] = LinkAnswers(networks: links[link]!.networks)
        }
        deferred = DeferredQuestions()
        self.names = nil
        return packets
    }

    /// - Parameter networks: of the interface's addresses of that version of IP.
    mutating func add(_ link: Link, networks: [Network]) {
        if links[link] == nil { links[link] = LinkAnswers(networks: networks) }
        links[link]!.networks = networks
    }

    mutating func remove(_ link: Link) {
        links[link] = nil
        deferred.removeAll(of: link)
    }

    // MARK: - Time

    /// When `take` has something to do; perhaps too early.
    var due: UInt64? {
        let answers = links.values.lazy.compactMap(\.due).min()
        return [answers, deferred.due].compactMap { $0 }.min()
    }

    /// Takes out the packets that are to be sent now.
    mutating func take(at now: UInt64) -> [Packet] {
        guard let names else { return [] }
        for (asker, questions) in deferred.take(at: now) {
            let sender = Sender(address: asker.address, port: AnswerRules.port)
            ask(questions, sender, asker.link, at: now, delay: nil)
        }
        return links.keys.flatMap { link in
            packed(links[link]!.take(at: now, names, &counters, knows: knows), on: link)
        }
    }

    /// Some digests may have gone: takes back the answers that others still hold.
    mutating func recheck(at now: UInt64) -> [Packet] {
        guard let names else { return [] }
        return links.keys.flatMap { link in
            packed(links[link]!.sayGoodbye(at: now, names, &counters) { !knows($0) }, on: link)
        }
    }

    private func packed(_ outgoing: [LinkAnswers.Outgoing], on link: Link) -> [Packet] {
        outgoing.map {
            Packet(link: link, receiver: $0.asker.map { ($0.address, $0.port) }, bytes: $0.bytes)
        }
    }

    // MARK: - Packets

    /// Takes one in that was sent to the group, and so does not come from afar unless it lies.
    mutating func receive(
        _ packet: UnsafeRawBufferPointer, from sender: Sender, on link: Link, at now: UInt64
    ) {
        guard let names, let networks = links[link]?.networks else { return }
        counters.packets += 1
        let isNeighbour = networks.contains { $0.contains(sender.address) }
        guard isNeighbour || sender.hops == AnswerRules.hops else {
            counters.foreign += 1
            return
        }
        guard sender.port != 0, let message = DNSMessage(parsing: packet), message.isOrdinary else {
            counters.malformed += 1
            return
        }
        if message.isResponse {
            // RFC 6762, 6: from another port it is ignored.
            if sender.port == AnswerRules.port { hear(message, names, link, at: now) }
        } else if sender.port == AnswerRules.port {
            query(message, names, sender, link, at: now, mayUnicast: isNeighbour)
        } else if isNeighbour {
            legacyQuery(message, names, sender, link, at: now)
        } else {
            counters.foreign += 1
        }
    }

    private mutating func query(
        _ message: DNSMessage, _ names: AnswerNames, _ sender: Sender, _ link: Link, at now: UInt64,
        mayUnicast: Bool
    ) {
        let known = knownAnswers(message, names)
        var questions: [DigestPrefix: Bool] = [:]
        for (prefix, asked) in merged(message.questions, names) {
            counters.questions += 1
            if known.contains(prefix) {
                counters.known += 1
            } else {
                // If one may be multicast, all may.
                questions[prefix] = mayUnicast && asked.allSatisfy(\.wantsUnicast)
            }
        }
        let asker = DeferredQuestions.Asker(link: link, address: sender.address)
        if !known.isEmpty { deferred.strike(known, of: asker) }
        if message.isTruncated {
            let delay = random(AnswerRules.truncatedDelay)
            if deferred.wait(for: asker, questions, at: now, delay: delay) { return }
        } else if message.questions.isEmpty {
            // The last of an asker's known answers.
            questions = deferred.finish(asker)
        }
        ask(questions, sender, link, at: now, delay: random(AnswerRules.delay))
    }

    private func knownAnswers(_ message: DNSMessage, _ names: AnswerNames) -> Set<DigestPrefix> {
        var known: Set<DigestPrefix> = []
        for answer in message.answers where answer.lifetime >= AnswerRules.freshLifetime {
            if let prefix = names.prefix(of: answer) { known.insert(prefix) }
        }
        return known
    }

    /// - Parameter delay: nil where they have waited already.
    private mutating func ask(
        _ questions: [DigestPrefix: Bool], _ sender: Sender, _ link: Link, at now: UInt64, delay: UInt64?
    ) {
        for (prefix, wantsUnicast) in questions {
            let isAccepted: Bool
            if wantsUnicast, links[link]?.isFresh(prefix, at: now) == true {
                isAccepted = links[link]!.unicast(
                    prefix, nil, to: .init(address: sender.address, port: sender.port), at: now,
                    delay: delay ?? 0)
            } else {
                isAccepted = links[link]?.multicast(prefix, at: now, delay: delay) ?? true
            }
            if !isAccepted { counters.dropped += 1 }
        }
    }

    /// A question of a resolver that does not know mDNS (RFC 6762, 6.7).
    private mutating func legacyQuery(
        _ message: DNSMessage, _ names: AnswerNames, _ sender: Sender, _ link: Link, at now: UInt64
    ) {
        let delay = random(AnswerRules.delay)
        let asker = LinkAnswers.Asker(
            address: sender.address, port: sender.port, legacyIdentifier: message.identifier)
        for (prefix, asked) in merged(message.questions, names) {
            counters.questions += 1
            let isAccepted = links[link]!.unicast(prefix, asked[0], to: asker, at: now, delay: delay)
            if !isAccepted { counters.dropped += 1 }
        }
    }

    /// The questions for digests that are here, each digest once: what is repeated in a packet costs nothing of the
    /// budget, and is not looked up again.
    ///
    /// - Returns: in the order of the packet; none without a question.
    private func merged(
        _ questions: [DNSMessage.Question], _ names: AnswerNames
    ) -> [(prefix: DigestPrefix, asked: [DNSMessage.Question])] {
        var order: [DigestPrefix] = []
        var asked: [DigestPrefix: [DNSMessage.Question]] = [:]
        for question in questions {
            guard let prefix = names.prefix(of: question) else { continue }
            if asked[prefix] == nil { order.append(prefix) }
            asked[prefix, default: []].append(question)
        }
        return order.filter(knows).map { ($0, asked[$0]!) }
    }

    private mutating func hear(_ message: DNSMessage, _ names: AnswerNames, _ link: Link, at now: UInt64) {
        for answer in message.answers {
            guard let prefix = names.prefix(of: answer) else { continue }
            if answer.lifetime >= AnswerRules.lifetime {
                if links[link]!.heard(prefix, at: now) { counters.suppressed += 1 }
            } else if answer.lifetime == 0, knows(prefix) {
                // Somebody takes it back, and it is true: others delete it in a second (RFC 6762, 10.1).
                let delay = random(AnswerRules.delay)
                if !links[link]!.multicast(prefix, at: now, delay: delay) { counters.dropped += 1 }
            }
        }
    }
}
