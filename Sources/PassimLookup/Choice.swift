internal import PassimCore

/// A peer that may be chosen.
struct Candidate: Hashable, Sendable {
    var peer: Peer
    /// From asking to its answer.
    var latency: Duration
}

extension Array<Candidate> {
    /// One at random, so that load spreads; one that was twice as fast twice as often.
    ///
    /// - Returns: nil where there is none.
    func choose(using generator: inout some RandomNumberGenerator) -> Peer? {
        let weights = map { 1 / Swift.max($0.latency, Candidate.shortest).seconds }
        var left = Double.random(in: 0..<1, using: &generator) * weights.reduce(0, +)
        for (candidate, weight) in zip(self, weights) {
            if left < weight { return candidate.peer }
            left -= weight
        }
        // Rounding has left over a little.
        return last?.peer
    }
}

extension Candidate {
    /// Below, the difference is chance and says nothing of a peer.
    fileprivate static let shortest: Duration = .milliseconds(1)
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
