/// The place where another machine of the network serves: an address, with its interface if it is link-local,
/// and a port.
package struct Peer: Hashable, Sendable {
    package var address: IPAddress
    package var port: UInt16

    package init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}

/// Finds machines that say they have a digest: mDNS.
package protocol PeerFinder: Sendable {
    /// Asks the network.
    ///
    /// - Returns: peers as their answers come, each once; never this machine itself. It ends when all that are
    ///   going to answer have, as far as can be told, or at once where nobody can be asked. Who stops
    ///   iterating ends the question.
    func peers(with digest: Digest) -> AsyncStream<Peer>
}

/// Finds nobody: the network is not asked (`Multicast=false`).
package struct NoPeers: PeerFinder {
    package init() {}

    package func peers(with digest: Digest) -> AsyncStream<Peer> { AsyncStream { $0.finish() } }
}

extension RawName {
    /// The last component of a path to ask other machines with: the name, as what is sent goes by the digest,
    /// and the digest where a path of that name has a meaning of its own, whatever its query.
    package func askable(for digest: Digest) -> RawName {
        RawName.taken.contains(self) ? RawName(digest.hex) : self
    }

    /// `/` and what belongs to the page (passim-protocol(7), HTTPS row 2).
    private static let taken: Set<RawName> = [.empty, RawName("favicon.ico"), RawName("style.css")]
}

/// Asks a peer if it really has a digest.
package protocol PeerProbe: Sendable {
    /// Asks with HEAD, which no peer counts as a share. Ends early when the task is cancelled.
    ///
    /// The client's name for the file is not told: a peer that turns out to be a liar learns the digest only.
    ///
    /// - Parameter limit: everything together, from connecting to the head of the answer.
    func probe(_ peer: Peer, for digest: Digest, within limit: Duration) async -> ProbeOutcome
}

/// A peer's answer.
package enum ProbeOutcome: Hashable, Sendable {
    /// It has the file (200).
    case confirmed
    /// It is alive, and does not answer HEAD: older peers refuse every method but GET with 403, or 405.
    case refused
    /// It answered that it does not have the file, or sends elsewhere, or nonsense.
    case denied
    /// No connection, no answer in time, or none that is HTTP.
    case failed
    /// Nothing was learnt: too much was asked at once, or nobody waits any more.
    case unasked
}

/// A client of this machine, whose user is found out when it matters.
package struct LookupClient: Sendable {
    /// The user number; nil if it cannot be told. Asks the kernel.
    package let user: @Sendable () -> UInt32?

    package init(user: @escaping @Sendable () -> UInt32?) {
        self.user = user
    }
}

/// Looks for a digest on the network, for a client of this machine.
package protocol PeerLookup: Sendable {
    /// - Returns: where to send the client; nil where nobody has the digest, within 1.3 s.
    func lookUp(_ digest: Digest, client: LookupClient) async -> ServingPlace?
}
