import PassimCore

@testable import PassimDiscovery

extension FuzzTarget {
    /// What happens to a responder, a step in each line: see `ResponderScript`. It answers no more than its
    /// rate, only what was asked for and is there, and nobody from afar.
    static let responder = FuzzTarget(
        name: "responder",
        sources: [
            "PassimDiscovery/Responder/ResponderMachine.swift", "PassimDiscovery/Responder/LinkAnswers.swift",
            "PassimDiscovery/Responder/DeferredQuestions.swift",
            "PassimDiscovery/Responder/RecentAnswers.swift", "PassimDiscovery/Responder/AnswerBudget.swift",
            "PassimDiscovery/Responder/AnswerNames.swift", "PassimDiscovery/Responder/AnswerPackets.swift",
        ],
        words: [
            "ask 1\n", "ask 1 2 3 4\n", "ask 90 1\n", "unicast 1\n", "any 2\n", "truncated 1 2\n",
            "known 1\n",
            "legacy 1 2\n", "hear 1\n", "goodbye 1\n", "far 1\n", "relayed 1\n", "flood 5000\n", "pass 20\n",
            "pass 120\n", "pass 500\n", "pass 1000\n", "pass 11000\n", "forget 1\n", "recheck\n", "rename\n",
            "silence\n", "unlink\n", "link\n", "packet ", "000000000001", "c00c", "0",
        ],
        rounds: 60
    ) { (input) throws(Flaw) in
        var script = ResponderScript()
        // Longer ones are more of the same.
        for line in input.split(separator: 0x0A).prefix(200) {
            try script.perform(String(decoding: line.prefix(20_000), as: UTF8.self))
        }
        try script.perform("pass 20000")
    }
}
