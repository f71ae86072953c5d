// Named mirrors between targets: who asks them, who finds their addresses, and how they are.

/// Asks a named mirror if it has a digest.
package protocol MirrorProbe: Sendable {
    /// Asks with HEAD, over a connection that is kept for the next time. Ends early when the task is cancelled.
    ///
    /// - Parameter addresses: of the host, of which any may be taken.
    /// - Parameter limit: everything together, from connecting to the head of the answer.
    func probe(
        _ host: MirrorHost, at addresses: [IPAddress], for digest: Digest, within limit: Duration
    ) async -> MirrorOutcome
}

/// A named mirror's answer.
package enum MirrorOutcome: Hashable, Sendable {
    /// It has the file (200).
    case confirmed
    /// It does not (403, 404), or sends elsewhere, which is not followed.
    case denied
    /// It refuses to answer HEAD, as older daemons do.
    case refused
    /// It shows another key than the pin says; nothing was asked.
    case wrongKey
    /// No connection, or no answer: why, in words.
    case failed(String)
    /// Nothing was learnt: nobody waits any more, or too much was asked at once.
    case unasked
}

/// Finds the addresses of names: libc's resolver, which may take as long as it likes.
package protocol NameResolver: Sendable {
    /// - Parameter name: of a host, or an address.
    func addresses(of name: String) async -> HostAddresses

    /// The SRV records of `_passim._tcp.DOMAIN`.
    func targets(of domain: String) async -> ServiceTargets
}

package enum HostAddresses: Hashable, Sendable {
    /// One or more.
    case found([IPAddress])
    /// One of them is this machine's.
    case own
    /// None: why, in words.
    case failed(String)
}

package enum ServiceTargets: Hashable, Sendable {
    /// Perhaps none, which says that there is no such service.
    ///
    /// - Parameter lifetime: of the records: their TTL.
    case found([ServiceTarget], lifetime: Duration)
    /// Why, in words.
    case failed(String)
}

/// An SRV record (RFC 2782).
package struct ServiceTarget: Hashable, Sendable {
    package var host: MirrorHost
    /// The lowest is asked for first.
    package var priority: UInt16
    /// Chances among those with the same priority.
    package var weight: UInt16

    package init(host: MirrorHost, priority: UInt16, weight: UInt16) {
        self.host = host
        self.priority = priority
        self.weight = weight
    }
}

/// A named mirror as whoever looks is told of it.
package struct MirrorStatus: Hashable, Sendable {
    package enum Problem: Hashable, Sendable {
        /// Its name has no address, or its domain no records: why, in words.
        case unknown(String)
        /// It cannot be reached: why, in words.
        case unreachable(String)
        /// It answers too late to be of use.
        case late
        /// It shows another key than the pin says.
        case wrongKey
        /// It refuses HEAD.
        case refusing
    }

    /// `HOST:PORT`, or `srv:DOMAIN` if no host of it is known.
    package var name: String
    /// It is this machine, which is never asked.
    package var isOwn = false
    /// nil as long as nothing is wrong.
    package var problem: Problem?
    /// Questions, also those under way.
    package var asked: UInt64 = 0
    /// Answers that it has the file.
    package var found: UInt64 = 0
    /// Answers that it does not.
    package var missing: UInt64 = 0
    /// Questions without an answer.
    package var failed: UInt64 = 0

    package init(name: String) {
        self.name = name
    }
}

/// The place of another machine that serves: a peer that the network has told of, or a mirror that was named.
package enum ServingPlace: Hashable, Sendable {
    case peer(Peer)
    case mirror(MirrorHost)
}
