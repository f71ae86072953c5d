internal import PassimCore

/// Questions whose askers have more known answers to tell than fit into a packet: they are answered when the last
/// packet has come, or after half a second (RFC 6762, 7.2).
struct DeferredQuestions {
    struct Asker: Hashable {
        var link: Link
        var address: IPAddress
    }

    struct Deferral {
        /// And whether the answer may be unicast.
        var questions: [DigestPrefix: Bool]
        fileprivate var due: UInt64
        fileprivate let limit: UInt64
    }

    private var deferrals: [Asker: Deferral] = [:]

    var count: Int { deferrals.count }
    /// When the next is over.
    var due: UInt64? { deferrals.values.lazy.map(\.due).min() }

    /// Waits for further packets.
    ///
    /// - Parameter questions: perhaps none, where the packet continues another.
    /// - Returns: false where too many wait already: then they are answered without.
    mutating func wait(
        for asker: Asker, _ questions: [DigestPrefix: Bool], at now: UInt64, delay: UInt64
    ) -> Bool {
        guard var deferral = deferrals[asker] else {
            guard !questions.isEmpty else { return true }
            guard deferrals.count < AnswerRules.mostTruncated,
                questions.count <= AnswerRules.mostTruncatedQuestions
            else { return false }
            deferrals[asker] = Deferral(
                questions: questions, due: now + delay, limit: now + AnswerRules.longestTruncation)
            return true
        }
        guard deferral.questions.count + questions.count <= AnswerRules.mostTruncatedQuestions else {
            return false
        }
        deferral.questions.merge(questions) { $0 && $1 }
        deferral.due = min(now + delay, deferral.limit)
        deferrals[asker] = deferral
        return true
    }

    /// The asker knows these answers.
    mutating func strike(_ known: Set<DigestPrefix>, of asker: Asker) {
        guard let questions = deferrals[asker]?.questions else { return }
        deferrals[asker]!.questions = questions.filter { !known.contains($0.key) }
    }

    /// The asker has told everything.
    ///
    /// - Returns: what is still asked.
    mutating func finish(_ asker: Asker) -> [DigestPrefix: Bool] {
        deferrals.removeValue(forKey: asker)?.questions ?? [:]
    }

    /// Takes those that have waited long enough.
    mutating func take(at now: UInt64) -> [(asker: Asker, questions: [DigestPrefix: Bool])] {
        let over = deferrals.filter { $0.value.due <= now }
        for asker in over.keys { deferrals[asker] = nil }
        return over.map { ($0.key, $0.value.questions) }
    }

    mutating func removeAll(of link: Link) {
        deferrals = deferrals.filter { $0.key.link != link }
    }
}
