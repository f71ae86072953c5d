/// Counts of a server since its start. Sums over its reactors: each counts for itself, so a sum may be of slightly
/// different moments.
package struct ServerCounts: Sendable, Equatable {
    /// Answers by status code, those that were sent at least once.
    package var responses: [Status: UInt64] = [:]
    /// Bytes that the kernel has taken, TLS included.
    package var bytesSent: UInt64 = 0
    /// Connections that were accepted.
    package var connections: UInt64 = 0
    /// Connections that were refused: their address had too many, or there was no room.
    package var refused: UInt64 = 0
    package var handshakes: UInt64 = 0
    package var failedHandshakes: UInt64 = 0
    /// Files' worth of bytes that were sent.
    package var shares: UInt64 = 0
    /// Bytes of files that were sent.
    package var sharedBytes: UInt64 = 0
    /// Downloads of files, or of parts of them, that were cut off.
    package var cutOff: UInt64 = 0
    /// Clients of this machine that were sent to a peer, and those for whom nobody was found.
    package var lookupsFound: UInt64 = 0
    package var lookupsNobody: UInt64 = 0
    /// Openings and reads of files that were handed to threads, as a disk had to be waited for.
    package var fileWaits: UInt64 = 0
    /// Waits that nobody waited for to the end: the file system hangs.
    package var fileWaitsGivenUp: UInt64 = 0
    /// Waits that were not begun, as too many wait for that file system.
    package var fileWaitsRefused: UInt64 = 0
    /// From a request to its answer's first byte, by what answers.
    package var firstBytes: [Answer: TimeDistribution] = [:]

    package init() {}

    /// What answers a request that is understood and allowed.
    package enum Answer: String, Sendable, CaseIterable {
        /// A file of this machine, or that there is none.
        case file
        /// Another machine that has the file, or that there is none, after a look on the network.
        case lookup
        /// The page of this machine, and what monitoring asks for.
        case page
    }
}
