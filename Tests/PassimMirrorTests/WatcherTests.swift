import PassimCore
import PassimSystem
import Testing

@testable import PassimMirror

extension LiveTests {
    @Suite struct WatcherTests {
        /// Counts how often it is told that something has happened.
        private final class Tally: WatchReport {
            let table = Lock<WatchTable?>(nil)
            let tellings = Lock(0)
            let bell = Doorbell()

            func began(_ table: WatchTable, _ failure: SystemError?) {
                self.table.withLock { $0 = table }
                if let failure { Issue.record(failure) }
            }

            func failed(_ failure: SystemError) { Issue.record(failure) }
            func troubled(_ failure: SystemError) { Issue.record(failure) }
            func mountsChanged(_ points: Set<RawName>) {}
            func nextDue(_ table: WatchTable) -> UInt64? { nil }

            func tell(_ table: WatchTable, now: UInt64) {
                if table.takeFindings().findings.isEmpty { return }
                tellings.withLock { $0 += 1 }
                bell.ring()
            }
        }

        @Test func whatHappensTogetherIsToldTogetherAndAtOnce() throws {
            let tree = MirrorTree()
            tree.write("one", "")
            tree.write("two", "")
            let tally = Tally()
            let watcher = try Watcher.start(tally)
            defer { watcher.stop() }
            try #require(tally.table.withLock { $0 }).follow(tree.path, .dropIns, content: true)

            let ticket = tally.bell.ticket()
            let start = monotonicNanoseconds()
            for second in 0..<5000 {
                // Of two files: the kernel makes one of events that are the same.
                let time = Timestamp(seconds: Int64(second), nanoseconds: 0)
                tree.setModified("one", time)
                tree.setModified("two", time)
            }
            // Nobody may have read any of them yet.
            tally.bell.wait(after: ticket, until: nil)
            let count = tally.tellings.withLock { $0 }
            let rests = (monotonicNanoseconds() - start) / Limits.watcherRest
            #expect(count >= 1)
            #expect(count <= Int(rests) + 1)
        }
    }
}
