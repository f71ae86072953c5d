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
        text.metric(
            "passim_records_registered", .gauge, "Digests that other machines can find.",
            discovery.registered)
        text.metric(
            "passim_records_left_out", .gauge,
            "Digests that other machines cannot find, as there is no room for their records.",
            discovery.leftOut)
        text.metric(
            "passim_peers", .gauge,
            "Other machines of the network that offer files by digest and have answered in the last two minutes.",
            peers)
        text.metric(
            "passim_mdns_answering", .gauge,
            "1 where questions for digests are answered by passimd, 0 where avahi-daemon has their records.",
            discovery.isAnswering ? 1 : 0)
        text.metric(
            "passim_mdns_questions_total", .counter,
            "Questions of multicast DNS for digests of this machine, while passimd answers them.",
            discovery.questions)
        text.metric(
            "passim_mdns_answers_total", .counter,
            "Answers of passimd to questions of multicast DNS: to all, or to the asker alone."
        ) {
            $0.add(discovery.answers, .init("to", "all"))
            $0.add(discovery.privateAnswers, .init("to", "asker"))
        }
        text.metric(
            "passim_mdns_answers_dropped_total", .counter,
            "Answers to questions of multicast DNS that were not given, as there were too many.",
            discovery.dropped)
        text.metric(
            "passim_mdns_refused_packets_total", .counter,
            "Packets of multicast DNS that were malformed, or from other networks, and not answered."
        ) {
            $0.add(discovery.malformed, .init("reason", "malformed"))
            $0.add(discovery.foreign, .init("reason", "foreign"))
        }
    }
}
