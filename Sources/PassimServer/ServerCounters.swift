package import PassimHTTP
internal import Synchronization

/// What a server has done since its start. Sums over its reactors: each counts for itself, so a sum may be of slightly
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
    /// Downloads of whole files, and their bytes.
    package var shares: UInt64 = 0
    package var sharedBytes: UInt64 = 0
    /// Downloads of whole files that were cut off.
    package var cutOff: UInt64 = 0
    /// Clients of this machine that were sent to a peer, and those for whom nobody was found.
    package var lookupsFound: UInt64 = 0
    package var lookupsNobody: UInt64 = 0

    package init() {}
}

/// Those of one reactor. Only its thread writes, so nothing is locked; others read.
final class ReactorCounters: Sendable {
    private let responses: [Counter]
    let bytesSent = Counter()
    let connections = Counter()
    let refused = Counter()
    let handshakes = Counter()
    let failedHandshakes = Counter()
    let shares = Counter()
    let sharedBytes = Counter()
    let cutOff = Counter()
    private let lookupsFound = Counter()
    private let lookupsNobody = Counter()

    init() {
        responses = Status.sent.map { _ in Counter() }
    }

    func note(_ status: Status) {
        if let index = Status.sent.firstIndex(of: status) { responses[index].add(1) }
    }

    func note(found: Bool) {
        (found ? lookupsFound : lookupsNobody).add(1)
    }

    func add(to sum: inout ServerCounts) {
        for (status, counter) in zip(Status.sent, responses) where counter.value > 0 {
            sum.responses[status, default: 0] += counter.value
        }
        sum.bytesSent += bytesSent.value
        sum.connections += connections.value
        sum.refused += refused.value
        sum.handshakes += handshakes.value
        sum.failedHandshakes += failedHandshakes.value
        sum.shares += shares.value
        sum.sharedBytes += sharedBytes.value
        sum.cutOff += cutOff.value
        sum.lookupsFound += lookupsFound.value
        sum.lookupsNobody += lookupsNobody.value
    }
}

/// Counts up, on one thread; may be read on any.
final class Counter: Sendable {
    private let count = Atomic<UInt64>(0)

    /// Not an atomic addition, which costs ten times as much: nobody else writes.
    func add(_ number: UInt64) {
        count.store(count.load(ordering: .relaxed) &+ number, ordering: .relaxed)
    }

    var value: UInt64 { count.load(ordering: .relaxed) }
}
