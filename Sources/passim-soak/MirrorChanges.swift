internal import PassimCore
internal import PassimTestKit

/// The directory that changes all the time.
final class MirrorChanges: @unchecked Sendable {
    // Unchecked: the worker's thread has the tree while it runs, and whoever has stopped it afterwards.
    private let churn: TreeChurn
    private let tally: Lock<Tally>

    var history: DigestHistory { churn.history }

    init(_ site: DaemonSite, seed: UInt64, _ tally: Lock<Tally>) throws {
        churn = try TreeChurn(site.tree, "mirror", seed: seed)
        self.tally = tally
    }

    func start(seed: UInt64) throws -> Worker {
        // In bursts, with moments between them in which the daemon sees the tree as it is.
        try Worker("mirror", seed: seed, pause: 0..<60_000) { [self] random in
            let burst = random.chance(2) ? 100 : Int.random(in: 1...5, using: &random)
            for _ in 0..<burst { try churn.step() }
            tally.withLock { $0.changes += burst }
        }
    }

    /// Nothing changes after that.
    func settle() throws {
        try churn.settle()
    }

    /// What was done to a file of this name, the latest.
    func journal(of path: RawName) -> String {
        let name = "\(path.basename)"
        return churn.journal.filter { $0.contains(name) }.suffix(5).joined(separator: "; ")
    }
}
