internal import PassimCore
internal import PassimTestKit

/// The directory that changes all the time.
final class MirrorChanges: @unchecked Sendable {
    // Unchecked: the loop's thread has the tree while it runs, and whoever has stopped it afterwards.
    private let churn: TreeChurn
    private let counts: Lock<SoakCounts>

    var history: DigestHistory { churn.history }

    init(_ site: DaemonSite, seed: UInt64, _ counts: Lock<SoakCounts>) throws {
        churn = try TreeChurn(site.tree, "mirror", seed: seed)
        self.counts = counts
    }

    func start(seed: UInt64) throws -> LoopThread {
        // In bursts, with moments between them in which the daemon sees the tree as it is.
        try LoopThread("mirror", seed: seed, pause: 0..<60_000) { [self] random in
            let burst = random.chance(2) ? 100 : Int.random(in: 1...5, using: &random)
            for _ in 0..<burst { try churn.step() }
            counts.withLock { $0.changes += burst }
        }
    }

    /// Nothing changes after that.
    func settle() throws {
        try churn.settle()
    }

    /// What was done to a file of this name, and to directories meanwhile.
    func journal(of name: String) -> String {
        let lines = churn.journal.drop { !$0.hasSuffix(name) }
        let own = lines.filter {
            $0.hasSuffix("/\(name)") || $0.contains(" \(name)") || $0.contains("/\(name) ")
        }
        let directories = Set(own.flatMap { $0.split { " /".contains($0) } }).filter { $0.hasPrefix("n") }
        let others = lines.filter { line in
            (line.contains("directory") || line.contains("chmod"))
                && directories.contains { line.contains($0) }
        }
        return (own + others.suffix(30)).joined(separator: "; ")
    }
}
