import Glibc
import PassimCore
import PassimTestKit
import Testing

/// Directories and files change places with symlinks that lead out of the mirror, while it is scanned, watched and
/// asked: no byte of what lies outside is ever sent, nor even read.
///
/// PASSIM_SEED repeats a run; PASSIM_LONG makes it 100 000 rounds.
@Suite(.timeLimit(.minutes(30)))
struct SymlinkRaceTests {
    private static let rounds = getenv("PASSIM_LONG") != nil ? 100_000 : 2000

    @Test func nothingOutsideIsEverSent() throws {
        let seed = SeededGenerator().seed
        let site = try DaemonSite()
        let race = try SymlinkRace(site.tree, seed: seed)
        // Scans go on all the time, besides those of what was swapped.
        try site.share("mirror", as: "mirror", "RescanInterval=1")
        let daemon = try site.start()
        #expect(try daemon.firstPass().served == race.inside.count)
        let clients = try (0..<2).map { try RaceClient(daemon, race, seed: seed &+ $0) }
        var random = SeededGenerator(seed: ~seed)
        for _ in 0..<SymlinkRaceTests.rounds {
            try race.swap()
            // Some at once, some after the daemon has had a look.
            if random.chance(40) { usleep(UInt32.random(in: 0..<5000, using: &random)) }
        }
        try race.settle()
        let counts = try clients.reduce(RaceClient.Counts()) { try $0 + $1.stop() }
        #expect(counts.complete > 0 && counts.refused > 0, "seed \(seed): \(counts)")
        try daemon.expectSame(as: daemon.freshScan(), vanished: race.outside, within: 60)
        #expect(throws: Never.self, "seed \(seed)") {
            try daemon.waitForSharedFiles { $0 == race.inside.count }
        }
        #expect(try !race.isOutsideTouched(), "seed \(seed): a file outside has been hashed")
        #expect(try daemon.process.terminate() == .exit(0), "seed \(seed)")
        print(
            "symlink race: \(SymlinkRaceTests.rounds) rounds, seed \(seed): \(counts), nothing of outside sent"
        )
    }
}
