/// The times and bounds of answering; those of RFC 6762 with their sections. Times are nanoseconds.
enum AnswerRules {
    /// Seconds for which others keep an answer: as long as an Avahi record of ours, so that it does not matter
    /// which of the two has answered.
    static let lifetime = AvahiSession.lifetime
    /// A known answer with less than half its life before it is answered all the same (7.1).
    static let freshLifetime = (lifetime + 1) / 2
    /// The longest lifetime of an answer to a resolver that knows nothing of mDNS (6.7).
    static let legacyLifetime = min(10, lifetime)
    /// How long answers that others may give too wait, so that not all come at once (6).
    static let delay: ClosedRange<UInt64> = 20_000_000...120_000_000
    /// How long known answers in further packets are waited for (7.2).
    static let truncatedDelay: ClosedRange<UInt64> = 400_000_000...500_000_000
    /// For all of one asker's further packets together.
    static let longestTruncation: UInt64 = 2_000_000_000
    /// A record is not multicast again before (6).
    static let repetition: UInt64 = 1_000_000_000
    /// An asker that wants a unicast answer gets a multicast one if the last is longer ago (5.4).
    static let quarterLife = UInt64(lifetime) * 1_000_000_000 / 4
    /// The port of mDNS (2).
    static let port: UInt16 = 5353
    /// The hop limit that packets of hosts of this link arrive with (11).
    static let hops = 255

    /// Bytes of an answer: every link takes them in one piece (RFC 8200, 5: 1280 with the heads of IPv6 and UDP).
    static let packetSize = 1232
    /// Answers a second that one link is given, and how many at once: multicast is slow on wireless links, and
    /// who is not answered asks again after a second.
    static let rate: UInt64 = 2000
    static let burst: UInt64 = 4000
    /// Answers of one link that wait.
    static let mostWaiting = 4096
    /// Askers of one link that are answered by unicast and wait.
    static let mostPrivate = 256
    /// Askers whose further packets are waited for, and questions of each.
    static let mostTruncated = 64
    static let mostTruncatedQuestions = 64
    /// Multicast answers of one link that are remembered: more than `rate` and `burst` give within `repetition`.
    static let mostRecent = 8192
}
