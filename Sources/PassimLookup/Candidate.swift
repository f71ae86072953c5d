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
        let chosen = choose(weighing: { $0.latency.speed }, using: &generator)
        return chosen.map { self[$0].peer }
    }
}

extension Array {
    /// The place of one at random, with chances in proportion to the weights.
    ///
    /// - Returns: nil where there is none.
    func choose(
        weighing weight: (Element) -> Double, using generator: inout some RandomNumberGenerator
    ) -> Int? {
        let weights = map(weight)
        var left = Double.random(in: 0..<1, using: &generator) * weights.reduce(0, +)
        for (place, weight) in weights.enumerated() {
            if left < weight { return place }
            left -= weight
        }
        // Rounding has left over a little.
        return indices.last
    }
}

extension Duration {
    /// Answers a second. Below a millisecond the difference is chance, and says nothing of who answered.
    var speed: Double { 1 / max(self, .milliseconds(1)).seconds }
}

extension Duration {
    fileprivate var seconds: Double { self / .seconds(1) }
}
