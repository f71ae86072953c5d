// Digests whose records avahi-daemon does not have any more. It withdraws those that it has never announced without a
// word, and who has asked for one keeps it for the rest of its ten seconds: they are told here.

internal import Logging
internal import PassimCore
internal import PassimSystem

struct Goodbyes {
    private var waiting: Set<DigestPrefix> = []

    /// 16 of them fill a packet. Of more than these, those that nobody has asked for are the most, and who has them
    /// forgets them after ten seconds.
    private static let most = 256

    var isEmpty: Bool { waiting.isEmpty }

    mutating func note(vanished: [Digest]) {
        for digest in vanished.prefix(Goodbyes.most - waiting.count) { waiting.insert(DigestPrefix(digest)) }
    }

    mutating func removeAll() { waiting = [] }

    /// Says goodbye (RFC 6762, 10.1) on all links: others forget the records a second later.
    ///
    /// The port is opened for that moment only. Where avahi-daemon has it alone (disallow-other-stacks=yes), nothing is
    /// said.
    ///
    /// - Parameter isGone: some may be back.
    mutating func say(
        _ names: AnswerNames, ipv6: Bool, at places: [AnnouncedPlace]?, _ logger: Logger,
        where isGone: (DigestPrefix) -> Bool
    ) {
        let gone = waiting.filter(isGone)
        waiting = []
        if gone.isEmpty { return }
        let packets = AnswerPackets.multicast(Array(gone), names, lifetime: 0)
        do throws(SystemError) {
            for link in try Link.all(ipv6: ipv6).keys
            where places?.contains(where: { $0.link == link }) ?? true {
                let socket = try LinkSocket(link, token: 0)
                for packet in packets { try socket.send(packet, to: nil) }
            }
        } catch {
            logger.debug("others keep records that are gone for ten seconds: \(error)")
        }
    }
}
