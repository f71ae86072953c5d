internal import PassimCore

/// Writes answers into as few packets as they fit.
enum AnswerPackets {
    /// For everybody.
    ///
    /// - Parameter lifetime: 0 is goodbye (RFC 6762, 10.1).
    static func multicast(
        _ prefixes: [DigestPrefix], _ names: AnswerNames, lifetime: UInt32 = AnswerRules.lifetime
    ) -> [[UInt8]] {
        var packets: [[UInt8]] = []
        var writer = newWriter()
        for prefix in prefixes {
            let record = names.record(of: prefix, lifetime: lifetime)
            if writer.add(record) { continue }
            packets.append(writer.bytes)
            writer = newWriter()
            // One alone fits: names have at most 255 bytes.
            _ = writer.add(record)
        }
        if writer.answerCount > 0 { packets.append(writer.bytes) }
        return packets
    }

    /// For one resolver that does not speak mDNS: its number and its questions again (RFC 6762, 6.7). What does
    /// not fit beside the questions is left out.
    static func legacy(
        _ prefixes: [DigestPrefix], _ names: AnswerNames, identifier: UInt16,
        questions: [DNSMessage.Question]
    ) -> [[UInt8]] {
        var writer = newWriter(identifier)
        for question in questions where !writer.add(question) { break }
        for prefix in prefixes
        where !writer.add(names.record(of: prefix, lifetime: AnswerRules.legacyLifetime)) { break }
        return writer.answerCount > 0 ? [writer.bytes] : []
    }

    private static func newWriter(_ identifier: UInt16 = 0) -> DNSWriter {
        DNSWriter(
            identifier: identifier, flags: DNSMessage.Flags.response | DNSMessage.Flags.authoritative,
            limit: AnswerRules.packetSize)
    }
}
