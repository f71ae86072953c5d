/// Turns among members that share time by weight: the next is that of the one that has had least of its share.
///
/// A member that comes back after it had nothing to do starts level with the others: it neither waits for all that they
/// had meanwhile nor makes up for its absence. (Stride scheduling with a virtual time.)
struct StrideScheduler {
    private let weights: [UInt64]
    /// Nanoseconds that each has had, divided by its weight.
    private var used: [UInt64]
    private var wasReady: [Bool]
    /// Time used by the member that was chosen last.
    private var clock: UInt64 = 0

    init(weights: [UInt64]) {
        self.weights = weights
        used = Array(repeating: 0, count: weights.count)
        wasReady = Array(repeating: false, count: weights.count)
    }

    mutating func next(_ isReady: (Int) -> Bool) -> Int? {
        var best: Int?
        for member in weights.indices {
            let ready = isReady(member)
            if ready {
                if !wasReady[member] { used[member] = max(used[member], clock) }
                if best.map({ used[member] < used[$0] }) ?? true { best = member }
            }
            wasReady[member] = ready
        }
        if let best { clock = used[best] }
        return best
    }

    /// - Parameter nanoseconds: that a turn took, or is likely to take.
    mutating func charge(_ member: Int, _ nanoseconds: UInt64) {
        used[member] &+= nanoseconds / weights[member] + 1
    }

    /// Takes back what was charged too much.
    mutating func refund(_ member: Int, _ nanoseconds: UInt64) {
        used[member] -= min(used[member], nanoseconds / weights[member])
    }
}
