import Glibc
import PassimCore
import PassimTestKit
import Testing

/// Thousands of random changes under a running daemon while clients fetch. No complete response ever has
/// other bytes than those that were asked for, and whenever the changes pause, the daemon comes to share what
/// a fresh scan finds.
///
/// PASSIM_SEED repeats a run; PASSIM_OPERATIONS makes it longer, as PASSIM_LONG does.
@Suite(.timeLimit(.minutes(60)), .serialized)
struct SoakTests {
    private static func number(_ variable: String) -> UInt64? {
        getenv(variable).flatMap { UInt64(String(cString: $0)) }
    }

    private static let operations = number("PASSIM_OPERATIONS").map { Int($0) } ?? (isLong ? 60_000 : 3000)
    private static let isLong = getenv("PASSIM_LONG") != nil

    /// As the owner of the files the daemon writes their attributes, which are changes too.
    @Test func daemonFollowsItsOwnFiles() throws {
        try soak(DaemonSite())
    }

    /// As another user it cannot read all, and keeps checksums in a store.
    @Test(.enabled(if: isRoot, "needs root to start the daemon as another user"))
    func daemonFollowsTheFilesOfAnother() throws {
        try soak(DaemonSite(user: DaemonSite.unprivileged))
    }

    private func soak(_ site: DaemonSite) throws {
        let seed = SeededGenerator().seed
        print("soak: PASSIM_SEED=\(seed), \(SoakTests.operations) operations")
        let churn = try TreeChurn(site.tree, "mirror", seed: seed)
        try site.share()
        let daemon = try site.start()
        try daemon.firstPass()
        let clients = try (0..<2).map { try DoubtingClient(daemon, churn.history, seed: seed &+ $0) }
        do {
            try change(churn, under: daemon)
        } catch {
            // Wrong bytes say more than what was shared at the end.
            for client in clients { try client.stop() }
            throw error
        }
        let counts = try clients.reduce(DoubtingClient.Counts()) { try $0 + $1.stop() }
        #expect(counts.complete > 0 && counts.unknown > 0, "seed \(seed): \(counts)")
        #expect(try daemon.process.terminate() == .exit(0), "seed \(seed)")
        print("soak: \(counts)")
    }

    private func change(_ churn: TreeChurn, under daemon: DaemonProcess) throws {
        try expectFresh(daemon, churn)
        let pauses = max(6, SoakTests.operations / 2000)
        var random = SeededGenerator(seed: ~churn.seed)
        for _ in 0..<pauses {
            for _ in 0..<SoakTests.operations / pauses {
                try churn.step()
                // Bursts, with moments between them in which the daemon gets to see the tree as it is.
                if random.chance(2) { usleep(UInt32.random(in: 0..<100_000, using: &random)) }
            }
            try churn.settle()
            try expectFresh(daemon, churn)
        }
    }

    private func expectFresh(_ daemon: DaemonProcess, _ churn: TreeChurn) throws {
        let scan = try daemon.freshScan()
        #expect(
            scan.digests.isSubset(of: churn.currentDigests), "the test's model is wrong: seed \(churn.seed)")
        // All of the latest, and some of the older ones.
        let all = churn.history.all
        let older = all.dropLast(2000).enumerated().filter { $0.offset % 20 == 0 }.map(\.element)
        do {
            try daemon.expectSame(as: scan, vanished: all.suffix(2000) + older, within: 60)
        } catch let error as Disagreement {
            throw TestFailure(
                """
                seed \(churn.seed), after \(churn.journal.count) lines: \(error)
                \(churn.journal(of: error.paths).joined(separator: "\n"))
                """)
        }
    }
}

extension TreeChurn {
    /// The lines that name some of these files, and all that move or exchange directories above them.
    fileprivate func journal(of paths: [RawName]) -> [String] {
        let names = Set(paths.prefix(3).map { "\($0.basename)" })
        let directories = Set(paths.prefix(3).flatMap { "\($0.parent)".split(separator: "/") })
        return journal.filter { line in
            names.contains {
                line.hasSuffix("/\($0)") || line.contains("/\($0) ") || line.contains(" \($0) ")
            }
                || line.contains(" directory ")
                    && directories.contains { line.hasSuffix($0) || line.contains($0 + " ") }
        }.suffix(100)
    }
}
