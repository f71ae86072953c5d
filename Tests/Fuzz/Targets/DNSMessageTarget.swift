@testable import PassimDiscovery

extension FuzzTarget {
    /// A packet of the network, as the responder reads it; and what was read, written again.
    static let dnsMessage = FuzzTarget(
        name: "dns-message",
        sources: [
            "PassimDiscovery/Message/DNSMessage+Parsing.swift", "PassimDiscovery/Message/DNSMessage.swift",
            "PassimDiscovery/Message/DNSName.swift", "PassimDiscovery/Message/DNSReader.swift",
            "PassimDiscovery/Message/DNSWriter.swift", "PassimDiscovery/Message/ServiceRecords.swift",
        ],
        words: [
            "\u{5}local\0", "\u{4}_tcp", "\u{6}_cache", "\u{4}_sub", "\0\u{C}\0\u{1}", "\0\u{1}", "\0",
            "\u{1}a",
            "\0\0\0\u{A}\0\u{2}", "\0!\0\u{1}", "\0\u{A}\0\u{5}kl", "\u{7}_passim",
        ],
        rounds: 1000
    ) { (input) throws(Flaw) in
        let message = withExactly(input) { DNSMessage(parsing: $0) }
        try checkEqual(message, ReferenceMessage.parse(input), "the message is")
        let records = withExactly(input) { ServiceRecords(parsing: $0) }
        try checkEqual(records, ReferenceMessage.services(input), "the SRV records are")
        guard let message else { return }
        try check(
            message.questions.count + message.answers.count <= DNSMessage.mostEntries, "too many entries")
        for limit in [1232, 9000, 1 << 20] { try write(message, limit: limit) }
    }

    private static func write(_ message: DNSMessage, limit: Int) throws(Flaw) {
        var writer = DNSWriter(identifier: message.identifier, flags: message.flags, limit: limit)
        var expected = DNSMessage(identifier: message.identifier, flags: message.flags)
        for question in message.questions where writer.add(question) { expected.questions.append(question) }
        for answer in message.answers where writer.add(answer) { expected.answers.append(answer) }
        try check(writer.bytes.count <= limit, "\(writer.bytes.count) bytes, not \(limit)")
        if limit > 600_000 { try checkEqual(expected, message, "all fits") }
        let again = withExactly(writer.bytes) { DNSMessage(parsing: $0) }
        try checkEqual(again, expected, "written and read")
        try checkEqual(ReferenceMessage.parse(writer.bytes), expected, "written and read")
    }
}
