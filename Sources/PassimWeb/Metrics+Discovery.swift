extension Metrics {
    /// How other machines find what is here.
    package struct Discovery: Sendable {
        /// Digests.
        package var wanted = 0
        package var registered = 0
        package var leftOut = 0
        /// True if this daemon answers questions, and not avahi-daemon from records.
        package var isAnswering = false
        package var questions: UInt64 = 0
        package var answers: UInt64 = 0
        package var privateAnswers: UInt64 = 0
        package var dropped: UInt64 = 0
        package var malformed: UInt64 = 0
        package var foreign: UInt64 = 0

        package init() {}
    }

    func writeDiscovery(to text: inout MetricsText) {
        text.metric(
            "passim_records_wanted", .gauge, "Digests that other machines are to find.", discovery.wanted)
        text.metric("passim_records_registered", .gauge, "Those that they can find.", discovery.registered)
        text.metric(
            "passim_records_left_out", .gauge, "Those for which there is no room.", discovery.leftOut)
        text.metric(
            "passim_mdns_answering", .gauge,
            "1 where questions for digests are answered by passimd, 0 where avahi-daemon has their records.",
            discovery.isAnswering ? 1 : 0)
        text.metric(
            "passim_mdns_questions_total", .counter,
            "Questions for digests that are here, while passimd answers them.", discovery.questions)
        text.metric("passim_mdns_answers_total", .counter, "Answers of passimd, by who got them.") {
            $0.add(discovery.answers, .init("to", "all"))
            $0.add(discovery.privateAnswers, .init("to", "asker"))
        }
        text.metric(
            "passim_mdns_answers_dropped_total", .counter, "Answers not given, as there were too many.",
            discovery.dropped)
        text.metric("passim_mdns_refused_packets_total", .counter, "Packets that were not acted on.") {
            $0.add(discovery.malformed, .init("reason", "malformed"))
            $0.add(discovery.foreign, .init("reason", "foreign"))
        }
    }
}
