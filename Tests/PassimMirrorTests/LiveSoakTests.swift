import Glibc
import PassimConfig
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

extension LiveTests {
    /// Random changes from several threads; after each round the index is what a fresh scan finds.
    ///
    /// PASSIM_OPERATIONS: how many changes; PASSIM_LONG: as many as the acceptance asks for; PASSIM_SEED: which.
    @Suite struct LiveSoakTests {
        private static let operations =
            number("PASSIM_OPERATIONS") ?? (number("PASSIM_LONG") == nil ? 2_000 : 50_000)

        private static func number(_ name: String) -> Int? {
            getenv(name).flatMap { Int(String(cString: $0)) }
        }

        @Test func indexEqualsAFreshScanAfterEachRound() throws {
            var random = SeededGenerator()
            let fixture = try LiveFixture()
            defer { fixture.stop() }
            fixture.tree.makeDirectory("root")
            fixture.tree.makeDirectory("outside")
            var origins: [MirrorOrigin] = []
            func share(_ random: inout SeededGenerator) throws {
                let all = fixture.dropIn("all.conf", "root")
                var some = fixture.dropIn("some.conf", "root")
                some.exclude = try random.pick(
                    ["*.skip", "b/", "/a/*", "c", "**/d/**"].map { [try Glob($0)] })
                let below = fixture.dropIn("below.conf", "root/a")
                origins = fixture.share(random.pick([[all, some, below], [all, below], [all, some]]))
            }
            try share(&random)
            var done = 0
            var round = 0
            var slowest: UInt64 = 0
            while done < LiveSoakTests.operations {
                round += 1
                let count = Int.random(in: 100...500, using: &random)
                let writers = random.pick([1, 1, 2, 4])
                let histories = try change(fixture, &random, count, writers) {
                    if $0.chance(30) { try share(&$0) }
                    if $0.chance(20) { fixture.mirror.rescanAll() }
                    if $0.chance(20) { fixture.loseEvents() }
                }
                done += count
                let began = monotonicNanoseconds()
                if let difference = fixture.settle(origins) {
                    Issue.record(
                        "seed \(random.seed), round \(round): \(difference)\n\(histories.joined(separator: "\n--\n"))"
                    )
                    return
                }
                slowest = max(slowest, monotonicNanoseconds() - began)
            }
            print(
                "soak: PASSIM_SEED=\(random.seed), \(done) changes in \(round) rounds, slowest \(slowest / 1_000_000) ms"
            )
            print(
                "soak: \(fixture.mirror.counters), \(fixture.batches.withLock { $0 }) batches,",
                "\(fixture.log.warnings.count) warnings")
        }

        /// Changes the tree from so many threads.
        ///
        /// - Parameter meanwhile: called while they are at it.
        private func change(
            _ fixture: LiveFixture, _ random: inout SeededGenerator, _ count: Int, _ writers: Int,
            meanwhile: (inout SeededGenerator) throws -> Void
        ) throws -> [String] {
            let histories = Lock<[String]>([])
            if writers > 1 {
                // In this order: of a name that goes outside nothing is told.
                removeLinks(fixture.tree.child("root"))
                removeTree(fixture.tree.child("outside"))
                fixture.tree.makeDirectory("outside")
            }
            var threads: [SystemThread] = []
            let onLink: @Sendable (String) -> Void = { fixture.waitForLink($0) }
            for number in 0..<writers {
                let changes = TreeChanges(
                    seed: random.next(), root: fixture.tree.child("root"),
                    outside: fixture.tree.child("outside/\(number)"),
                    onLink: writers == 1 ? onLink : nil)
                let thread = try SystemThread(name: "writer-\(number)") {
                    var changes = changes
                    for _ in 0..<count / writers { changes.step() }
                    histories.withLock { $0.append(changes.history.suffix(200).joined(separator: "\n")) }
                }
                threads.append(thread)
            }
            try meanwhile(&random)
            for thread in threads { thread.join() }
            return histories.withLock { $0 }
        }
    }
}
