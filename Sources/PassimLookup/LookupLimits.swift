/// Times and bounds of look-ups.
///
/// A client of this machine waits for the answer, and gives up on us after 2 s (passim-protocol(7), HTTPS row 11).
package struct LookupLimits: Sendable {
    package init() {}

    // MARK: One look-up, from when it was asked

    /// For a peer to answer HEAD: two round trips and a handshake take a board on WLAN some 100 ms.
    package var probeTime: Duration = .milliseconds(300)
    /// Peers asked at once: more than the most that a network usually has of one file.
    package var probesAtOnce = 16
    /// Peers looked at: whoever claims to be more makes us work for nothing.
    package var peers = 64
    /// The wait of the first peer that confirms for others that were asked with it: enough for one that is as
    /// near, and nothing that a client notices.
    package var choiceTime: Duration = .milliseconds(20)
    /// From then on peers are asked at their link-local addresses, too: their others have been found by then, on a busy
    /// machine too.
    package var linkLocalTime: Duration = .milliseconds(700)
    /// From then on peers are asked that were bad lately, too. Good ones are found after 170 to 190 ms
    /// (Sources/README.md, "Avahi") and have had time to answer. Those that sent wrong bytes come `probeTime` later.
    package var lateTime: Duration = .milliseconds(500)
    /// The end of searching: no peer is asked afterwards. What is going to answer has by then: a stock peer
    /// waits as long.
    package var searchTime: Duration = .seconds(1)
    /// The answer, with what there is. Before 1.3 s, which is promised, by what a busy machine may lose.
    package var answerTime: Duration = .milliseconds(1250)

    // MARK: Named mirrors

    /// The end of waiting for named mirrors, from when they are asked. Then the network is asked.
    package var mirrorTime: Duration = .milliseconds(300)
    /// The wait of one that confirms for one of a better priority.
    package var betterMirrorTime: Duration = .milliseconds(100)
    /// A question goes on for so long though nobody waits for it: the connection that it makes is there for the next one,
    /// where connecting takes longer than `mirrorTime`.
    package var mirrorPatience: Duration = .seconds(2)
    /// Hosts of all names and domains.
    package var mirrors = 32
    /// A mirror that failed is left alone for so long, for twice as long each time, up to the longest.
    package var mirrorRest: Duration = .seconds(1)
    package var longestMirrorRest: Duration = .seconds(30)
    /// So often is one asked again at once that answered too late: its connection is there by then.
    package var lateAnswers = 2
    /// Then a name is resolved again; its addresses of before are used meanwhile.
    package var addressTime: Duration = .seconds(60)
    /// The same where there were none.
    package var unknownTime: Duration = .seconds(10)
    /// Bounds of how long SRV records are used: their TTL within these.
    package var shortestTargetTime: Duration = .seconds(30)
    package var longestTargetTime: Duration = .seconds(3600)

    // MARK: All look-ups

    /// Each has a browser of mDNS and some tasks. Of all users but root and the daemon's own together, and of those
    /// whose user has not been looked for.
    package var searches = 64
    /// The same for root, and for the daemon's own user, beside them.
    package var reservedSearches = 32
    /// Searches for all that have a digest, of the others and of each of the two. All together are fewer than the 256
    /// that the browser of mDNS has at a time, as one that waits there has no time left; and few enough of the others
    /// that their questions to avahi-daemon, one after the other, do not delay root's.
    package var thoroughSearches = 32
    /// From so many searches on users are looked for.
    package var crowd = 16
    /// Searches that wait for one of these to end, until `searchTime`: of the others, and of each of the two.
    package var waiting = 16384

    // MARK: What is remembered

    /// Nobody has a digest: a client that asks again does so at once, and a new peer is found soon.
    package var nobodyTime: Duration = .seconds(5)
    package var nobodyCount = 4096
    /// A peer that did not answer: it restarts, or its machine sleeps.
    package var failedTime: Duration = .seconds(10)
    /// A peer that denied a digest that it is known for: records live that long after a file is gone.
    package var deniedTime: Duration = .seconds(10)
    /// A peer that sent wrong bytes (passim-protocol(7), D-BUS).
    package var reportedTime: Duration = .seconds(3600)
    /// Entries of each of these.
    package var rememberedCount = 4096
    /// Users whose reports are remembered, besides root, and entries of each.
    package var reporters = 64
    package var reportsOfEach = 256
}
