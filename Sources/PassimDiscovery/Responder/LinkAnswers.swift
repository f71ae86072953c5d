// The answers of one link that wait to be given, and those that were given lately.

internal import PassimCore

struct LinkAnswers {
    /// An asker that is answered alone. A question from the same place with another number is another one.
    struct Asker: Hashable {
        var address: IPAddress
        var port: UInt16
        /// The number of the question of a resolver that does not speak mDNS.
        var legacyIdentifier: UInt16?
    }

    private struct Moment {
        /// Not before, so that several questions have one answer.
        var earliest: UInt64
        /// Then at the latest.
        var latest: UInt64
    }

    private struct PrivateAnswer {
        var prefixes: [DigestPrefix]
        var questions: [DNSMessage.Question]
        let due: UInt64
    }

    /// The networks of this link.
    var networks: [Network]
    private var waiting: [DigestPrefix: Moment] = [:]
    private var privates: [Asker: PrivateAnswer] = [:]
    private var recent = RecentAnswers()
    private var budget = AnswerBudget()
    /// When something is to be sent; may be too early.
    private(set) var due: UInt64?

    init(networks: [Network]) {
        self.networks = networks
    }

    // MARK: - Wishes

    /// Multicasts it soon, and not within a second after the last time.
    ///
    /// - Parameter delay: nil where the asker has waited already.
    /// - Returns: false where too many wait.
    mutating func multicast(_ prefix: DigestPrefix, at now: UInt64, delay: UInt64?) -> Bool {
        // It answers this question too: it has waited for at least as long as the delay of section 6.
        guard waiting[prefix] == nil else { return true }
        guard waiting.count < AnswerRules.mostWaiting, budget.take(at: now) else { return false }
        let free = recent.last(prefix, at: now).map { $0 + AnswerRules.repetition } ?? 0
        let earliest = delay == nil ? now : now + AnswerRules.delay.lowerBound
        let moment = Moment(earliest: max(earliest, free), latest: max(now + (delay ?? 0), free))
        waiting[prefix] = moment
        wake(moment.latest)
        return true
    }

    /// Answers one asker alone: what it has asked before the answer is due, in one packet.
    mutating func unicast(
        _ prefix: DigestPrefix, _ question: DNSMessage.Question?, to asker: Asker, at now: UInt64,
        delay: UInt64
    ) -> Bool {
        var answer = privates[asker] ?? PrivateAnswer(prefixes: [], questions: [], due: now + delay)
        // A packet that is repeated is not another answer.
        if answer.prefixes.contains(prefix) { return true }
        guard privates[asker] != nil || privates.count < AnswerRules.mostPrivate, budget.take(at: now) else {
            return false
        }
        answer.prefixes.append(prefix)
        if let question { answer.questions.append(question) }
        privates[asker] = answer
        wake(answer.due)
        return true
    }

    /// True if others have heard it lately enough to be told alone (RFC 6762, 5.4).
    func isFresh(_ prefix: DigestPrefix, at now: UInt64) -> Bool {
        recent.last(prefix, at: now).map { now < $0 + AnswerRules.quarterLife } ?? false
    }

    /// Somebody else has multicast it (RFC 6762, 7.4).
    ///
    /// - Returns: whether that saves an answer.
    mutating func heard(_ prefix: DigestPrefix, at now: UInt64) -> Bool {
        guard waiting.removeValue(forKey: prefix) != nil else { return false }
        recent.note(prefix, at: now)
        return true
    }

    private mutating func wake(_ time: UInt64) { due = min(due ?? time, time) }

    // MARK: - Packets

    struct Outgoing {
        /// nil: everybody.
        var asker: Asker?
        var bytes: [UInt8]
    }

    /// Takes out the answers that are due: with the first that must go, all that may.
    ///
    /// - Parameter everything: whether the others go too.
    mutating func take(
        at now: UInt64, _ names: AnswerNames, everything: Bool = false, _ counters: inout AnswerCounters,
        knows: (DigestPrefix) -> Bool
    ) -> [Outgoing] {
        guard everything || due.map({ $0 <= now }) ?? false else { return [] }
        var outgoing = takeMulticast(at: now, names, everything, &counters, knows)
        for (asker, answer) in privates where everything || answer.due <= now {
            privates[asker] = nil
            let prefixes = answer.prefixes.filter(knows)
            let packets =
                if let identifier = asker.legacyIdentifier {
                    AnswerPackets.legacy(
                        prefixes, names, identifier: identifier, questions: answer.questions)
                } else {
                    AnswerPackets.multicast(prefixes, names)
                }
            counters.privateAnswers += UInt64(prefixes.count)
            outgoing += packets.map { Outgoing(asker: asker, bytes: $0) }
        }
        due = [waiting.values.lazy.map(\.latest).min(), privates.values.lazy.map(\.due).min()]
            .compactMap { $0 }.min()
        return outgoing
    }

    private mutating func takeMulticast(
        at now: UInt64, _ names: AnswerNames, _ everything: Bool, _ counters: inout AnswerCounters,
        _ knows: (DigestPrefix) -> Bool
    ) -> [Outgoing] {
        guard everything || waiting.values.contains(where: { $0.latest <= now }) else { return [] }
        let ready = waiting.filter { everything || $0.value.earliest <= now }
            .sorted { $0.value.latest < $1.value.latest }
        var prefixes: [DigestPrefix] = []
        for (prefix, moment) in ready {
            waiting[prefix] = nil
            // Within the second not even at the end.
            guard moment.earliest <= now || !recentlySaid(prefix, at: now), knows(prefix) else { continue }
            recent.note(prefix, at: now)
            prefixes.append(prefix)
        }
        counters.answers += UInt64(prefixes.count)
        return AnswerPackets.multicast(prefixes, names).map { Outgoing(asker: nil, bytes: $0) }
    }

    private func recentlySaid(_ prefix: DigestPrefix, at now: UInt64) -> Bool {
        recent.last(prefix, at: now).map { now < $0 + AnswerRules.repetition } ?? false
    }

    /// Takes back what others may hold in their caches and is not so any more (RFC 6762, 10.1), as far as the
    /// budget goes: the rest ends with its lifetime.
    mutating func sayGoodbye(
        at now: UInt64, _ names: AnswerNames, _ counters: inout AnswerCounters,
        where isGone: (DigestPrefix) -> Bool
    ) -> [Outgoing] {
        var gone: [DigestPrefix] = []
        for prefix in recent.prefixes(at: now) where isGone(prefix) {
            recent.remove(prefix)
            if budget.take(at: now) { gone.append(prefix) }
        }
        counters.goodbyes += UInt64(gone.count)
        return AnswerPackets.multicast(gone, names, lifetime: 0).map { Outgoing(asker: nil, bytes: $0) }
    }
}
