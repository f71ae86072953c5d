import Glibc
import PassimConfig
import PassimCore
import PassimIndex
import PassimSystem
import Testing

@testable import PassimMirror

/// When a checksum may be believed (passimd(8), EXTENDED ATTRIBUTES; Sources/README.md, decision 9).
@Suite struct TrustTests {
    static let checksum: StaticString = "user.checksum.sha256"
    static let stamp: StaticString = "user.checksum.sha256.stamp"

    private func stampText(_ tree: MirrorTree) -> String { tree.stamp("a") }

    @Test func secondStartHashesNothingAndWritesNothing() {
        let first = Fixture(store: true)
        first.tree.makeDirectory("sub")
        for number in 0..<700 { first.tree.write("sub/f\(number)", "\(number)") }
        first.scan()
        #expect(first.counters.filesHashed == 700)
        let before = first.tree.identity("sub/f1")
        first.mirror.stop()
        let second = Fixture(after: first)
        second.scan()
        #expect(second.counters.filesHashed == 0)
        #expect(second.counters.attributesWritten == 0)
        #expect(second.counters.storeWrites == 0)
        #expect(second.counters.trustedAttributes == 700)
        #expect(second.index.count == 700)
        #expect(second.tree.identity("sub/f1") == before)
        // Nothing for the store to do, so there is none.
        #expect(access(first.state.child("checksums.sqlite"), F_OK) != 0)
    }

    /// The digest is not that of the content, which shows that nobody has read it.
    @Test func fileThatRootVouchesForIsNotReadUntilSomethingHappensToIt() {
        let fixture = Fixture()
        for name in ["vouched", "changed", "written"] { fixture.tree.write(name, name) }
        let vouched = ["vouched", "changed", "written"].map {
            Voucher(identity: fixture.tree.identity($0), digest: digest("told of \($0)"))
        }
        chmod(fixture.tree.child("changed"), 0o640)
        fixture.mirror.vouch(vouched)
        fixture.scan()
        #expect(fixture.index.find(digest("told of vouched")) != nil)
        #expect(fixture.index.find(digest("told of written")) != nil)
        #expect(fixture.index.find(digest("changed")) != nil)
        #expect(fixture.counters.filesHashed == 1 && fixture.counters.filesVouched == 2)
        fixture.tree.rewriteKeepingTimes("written", "WRITTEN")
        fixture.rescan()
        #expect(fixture.index.find(digest("WRITTEN")) != nil)
        #expect(fixture.index.count == 3)
    }

    @Test(arguments: [ChecksumPlace.storeOnly, .attributes])
    func secondStartOverAnUnwritableTreeDoesNeitherThanksToTheStore(_ place: ChecksumPlace) {
        let first = Fixture(place: place, store: true)
        for number in 0..<20 { first.tree.write("f\(number)", "\(number)") }
        let faults = FaultPlan([.fsetxattr: Array(repeating: .accessDenied, count: 20)])
        FaultPlan.$current.withValue(faults) { first.scan() }
        #expect(first.counters.filesHashed == 20)
        #expect(first.counters.attributesWritten == 0)
        #expect(first.counters.storeWrites == 1)
        #expect(first.tree.attribute("f1", TrustTests.checksum) == nil)
        first.mirror.stop()
        let before = first.state.identity("checksums.sqlite")
        let second = Fixture(after: first, place: place)
        second.scan()
        #expect(second.counters.filesHashed == 0)
        #expect(second.counters.trustedStore == 20)
        #expect(second.counters.storeWrites == 0)
        #expect(second.index.find(digest("7")) != nil)
        #expect(first.state.identity("checksums.sqlite") == before)
        second.tree.rewriteKeepingTimes("f1", "!")
        second.mirror.stop()
        let third = Fixture(after: first, place: place)
        third.scan()
        #expect(third.counters.filesHashed == 1)
        #expect(third.entry("f1")?.digest == digest("!"))
    }

    @Test func validStampIsReadAlsoWhereNothingIsWritten() {
        let first = Fixture()
        first.tree.write("a", "content")
        first.scan()
        let second = Fixture(tree: first.tree, place: .storeOnly)
        second.scan()
        #expect(second.counters.trustedAttributes == 1)
        #expect(second.counters.filesHashed == 0)
    }

    @Test func checksumOfTheStockDaemonIsHashedOnceAndStamped() {
        let fixture = Fixture()
        fixture.tree.write("a", "content")
        fixture.tree.setAttribute("a", TrustTests.checksum, digest("other").hex)
        fixture.scan()
        #expect(fixture.entry("a")?.digest == digest("content"))
        #expect(fixture.tree.attribute("a", TrustTests.checksum) == digest("content").hex)
        #expect(fixture.tree.attribute("a", TrustTests.stamp) != nil)
        let second = Fixture(tree: fixture.tree)
        second.scan()
        #expect(second.counters.filesHashed == 0)
    }

    @Test(arguments: [
        "", "x", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
        String(repeating: "A", count: 64), String(repeating: "g", count: 64),
        String(repeating: "a", count: 63) + "\n", String(repeating: "\0", count: 64),
        String(repeating: "a", count: 2000),
    ])
    func uselessChecksumIsHashedAgainAndReplaced(_ value: String) {
        let fixture = Fixture()
        fixture.tree.write("a", "content")
        fixture.tree.setAttribute("a", TrustTests.checksum, value)
        fixture.tree.setAttribute("a", TrustTests.stamp, stampText(fixture.tree))
        fixture.scan()
        #expect(fixture.entry("a")?.digest == digest("content"))
        #expect(fixture.counters.filesHashed == 1)
        #expect(fixture.tree.attribute("a", TrustTests.checksum) == digest("content").hex)
    }

    @Test func stampThatIsNotExactlyThisContentsIsNotBelieved() {
        let changes: [(MirrorTree) -> String] = [
            { _ in "" }, { _ in "\0" }, { _ in String(repeating: "9", count: 3000) },
            { " " + self.stampText($0) }, { self.stampText($0) + " " }, { "0" + self.stampText($0) },
            { String(self.stampText($0).dropLast()) }, { "v3" + self.stampText($0).dropFirst(2) },
            { self.stampText($0).replacing(":", with: ";") },
        ]
        for change in changes {
            let fixture = Fixture()
            fixture.tree.write("a", "content")
            fixture.tree.setAttribute("a", TrustTests.checksum, digest("lie").hex)
            fixture.tree.setAttribute("a", TrustTests.stamp, change(fixture.tree))
            fixture.scan()
            #expect(fixture.entry("a")?.digest == digest("content"))
            #expect(
                fixture.tree.attribute("a", TrustTests.stamp)
                    == stampText(fixture.tree))
        }
    }

    @Test func validPairIsBelieved() {
        let fixture = Fixture()
        fixture.tree.write("a", "content")
        fixture.tree.setAttribute("a", TrustTests.checksum, digest("lie").hex)
        fixture.tree.setAttribute("a", TrustTests.stamp, stampText(fixture.tree))
        fixture.scan()
        // The stated limit: whoever can write these attributes while the daemon is stopped is believed.
        #expect(fixture.entry("a")?.digest == digest("lie"))
    }

    @Test(arguments: 0..<5)
    func writingThatBreaksOffLeavesNothingToBelieve(_ step: Int) {
        let fixture = Fixture()
        fixture.tree.write("a", "old old")
        fixture.scan()
        let old = fixture.tree.identity("a")
        fixture.tree.write("a", "content")
        // Each call in turn fails for good, as if the power had gone.
        let faults: FaultPlan =
            switch step {
            case 0: FaultPlan([.fremovexattr: [.inputOutput]])
            case 1: FaultPlan([.fsetxattr: [.noSpace]])
            case 2: FaultPlan([.fsetxattr: [nil, .noSpace]])
            // Nor can be told whether there is a stamp.
            case 3:
                FaultPlan([
                    .fgetxattr: Array(repeating: .inputOutput, count: 10), .fsetxattr: [nil, .noSpace],
                ])
            default: FaultPlan([:])
            }
        FaultPlan.$current.withValue(faults) { fixture.rescan() }
        #expect(fixture.entry("a")?.digest == digest("content"))
        let after = Fixture(tree: fixture.tree)
        after.scan()
        #expect(after.entry("a")?.digest == digest("content"))
        // The old bytes come back with their time, as rsync would bring them.
        fixture.tree.write("a", "old old")
        fixture.tree.setModified("a", old.modified)
        let last = Fixture(tree: fixture.tree)
        last.scan()
        #expect(last.entry("a")?.digest == digest("old old"))
    }

    @Test func attributesThatLieAndCannotBeReplacedAreOverriddenByTheStore() {
        let first = Fixture(store: true)
        first.tree.write("a", "before")
        first.scan()
        first.tree.rewriteKeepingTimes("a", "after!")
        let faults = FaultPlan([.fremovexattr: [.accessDenied]])
        FaultPlan.$current.withValue(faults) { first.recheck("a") }
        #expect(first.entry("a")?.digest == digest("after!"))
        #expect(first.tree.attribute("a", TrustTests.checksum) == digest("before").hex)
        first.mirror.stop()
        let second = Fixture(after: first)
        second.scan()
        #expect(second.entry("a")?.digest == digest("after!"))
        #expect(second.counters.filesHashed == 0)
        // They can be replaced again, and then they are what counts.
        second.index.apply([.drop(second.entry("a")!)])
        second.recheck("a")
        #expect(second.counters.attributesWritten == 1)
        second.mirror.stop()
        let third = Fixture(after: first)
        third.scan()
        #expect(third.entry("a")?.digest == digest("after!"))
        #expect(third.counters.trustedAttributes == 1)
    }

    @Test func secondNameOfAnInodeIsNotReadAgain() {
        let fixture = Fixture()
        fixture.tree.makeSparse("a", size: 100_000)
        #expect(link(fixture.tree.child("a"), fixture.tree.child("b")) == 0)
        fixture.scan()
        #expect(fixture.counters.filesHashed == 1)
        #expect(fixture.entry("a")?.identity == fixture.tree.identity("a"))
        #expect(fixture.entry("b")?.identity == fixture.tree.identity("a"))
    }

    // MARK: - Time

    @Test func youngFileIsLeftAloneUntilItIsTwoSecondsOld() {
        let fixture = Fixture()
        fixture.clock.set(ahead: 0)
        fixture.tree.write("a", "content")
        fixture.scan()
        #expect(fixture.entry("a") == nil)
        #expect(fixture.counters.filesHashed == 0)
        #expect(fixture.status.pendingFiles == 1)
        #expect(!fixture.mirror.firstPassDone)
        #expect(fixture.tree.attribute("a", TrustTests.stamp) == nil)
        fixture.clock.advance(seconds: 1)
        fixture.drain()
        #expect(fixture.counters.filesHashed == 0)
        fixture.clock.advance(seconds: 1)
        fixture.drain()
        #expect(fixture.entry("a")?.digest == digest("content"))
        #expect(fixture.mirror.firstPassDone)
        #expect(fixture.status.pendingFiles == 0)
    }

    @Test func fileThatIsWrittenAllTheTimeKeepsNobodyWaiting() {
        let fixture = Fixture()
        fixture.clock.set(ahead: 0)
        fixture.tree.write("log", "0")
        fixture.tree.write("still", "still")
        var time = wallClock()
        fixture.tree.setModified("still", Timestamp(seconds: 1_000_000_000, nanoseconds: 0))
        fixture.scan()
        // Its ctime must be of an earlier tick.
        fixture.clock.advance(seconds: 1)
        time.seconds += 1
        fixture.tree.setModified("log", time)
        fixture.drain()
        #expect(fixture.entry("still") != nil)
        for _ in 1..<50 {
            fixture.clock.advance(seconds: 1)
            time.seconds += 1
            fixture.tree.setModified("log", time)
            fixture.drain()
            if time.seconds % 5 == 0 { fixture.rescan() }
        }
        #expect(fixture.mirror.firstPassDone)
        #expect(fixture.status.state == .polling)
        #expect(fixture.counters.filesHashed == 1)
        #expect(fixture.status.pendingFiles == 1)
        // At rest at last.
        for _ in 0..<15 {
            fixture.clock.advance(seconds: 1)
            fixture.drain()
        }
        #expect(fixture.entry("log")?.digest == digest("0"))
        #expect(fixture.status.pendingFiles == 0)
    }

    @Test(arguments: [3, 1_000_000_000])
    func timeInTheFutureIsNotYoung(_ seconds: Int64) {
        let fixture = Fixture()
        // Of its ctime, which cannot be set, this is later.
        fixture.clock.set(ahead: 1)
        fixture.tree.write("a", "content")
        var time = wallClock()
        time.seconds += 1 + seconds
        fixture.tree.setModified("a", time)
        fixture.scan()
        #expect(fixture.entry("a")?.digest == digest("content"))
    }

    @Test func timeBeforeTheEpochIsStamped() {
        let fixture = Fixture()
        fixture.tree.write("a", "content")
        fixture.tree.setModified("a", Timestamp(seconds: -5, nanoseconds: 7))
        fixture.scan()
        let stamp = fixture.tree.attribute("a", TrustTests.stamp)
        #expect(stamp?.hasPrefix("v2:7:-5.000000007:") == true)
        #expect(stamp == fixture.tree.stamp("a"))
    }

    @Test func stampOfAFileThatHasChangedSinceTheStartIsNotBelieved() {
        let first = Fixture()
        for name in ["a", "b"] { first.tree.write(name, "before") }
        first.scan()
        // Whatever is a tick older than the daemon is believed.
        let stamped = first.tree.identity("b").changed
        while wallClock().seconds * 1000 + Int64(wallClock().nanoseconds) / 1_000_000
            < stamped.seconds * 1000 + Int64(stamped.nanoseconds) / 1_000_000 + 50
        {}
        let second = Fixture(tree: first.tree, ahead: 0)
        second.mirror.replaceDropIns([second.dropIn()])
        let worker = Worker(second.mirror)
        #expect(worker.turn())
        first.tree.rewriteKeepingTimes("a", "after!")
        while worker.turn() {}
        second.clock.advance(seconds: 3)
        second.drain()
        #expect(second.index.find(digest("after!")) != nil)
        #expect(second.index.find(digest("before"))?.identity == first.tree.identity("b"))
        #expect(second.counters.trustedAttributes == 1)
    }

    @Test func fileThatChangesWhileItIsHashedIsHashedAgainAndNotPublished() {
        let fixture = Fixture()
        fixture.tree.write("a", "before")
        let wrong = Lock(false)
        let subscription = fixture.index.subscribe { batch in
            if batch.appeared.contains(digest("before")) { wrong.withLock { $0 = true } }
        }
        let looks = Lock(0)
        fixture.clock.onLook.withLock { hook in
            // The first is between the fstat before and the first read.
            hook = { [tree = fixture.tree] in
                let look = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                if look == 1 { tree.rewriteKeepingTimes("a", "after!") }
            }
        }
        fixture.scan()
        #expect(fixture.entry("a") == nil)
        #expect(fixture.counters.changedWhileHashed == 1)
        fixture.clock.advance(seconds: 1)
        fixture.drain()
        _ = subscription
        #expect(fixture.entry("a")?.digest == digest("after!"))
        #expect(!wrong.withLock { $0 })
        #expect(fixture.mirror.firstPassDone)
    }

    @Test func fileThatNeverHoldsStillIsGivenUp() {
        let fixture = Fixture()
        fixture.tree.write("a", "0")
        fixture.tree.write("b", "b")
        fixture.clock.onLook.withLock { hook in
            hook = { [tree = fixture.tree] in _ = chmod(tree.child("a"), 0o600) }
        }
        fixture.scan()
        for _ in 0..<200 {
            fixture.clock.advance(seconds: 1)
            fixture.drain()
        }
        #expect(fixture.entry("a") == nil)
        #expect(fixture.entry("b") != nil)
        #expect(fixture.counters.changedWhileHashed >= Int(Limits.hashTries))
        #expect(fixture.counters.changedWhileHashed <= Int(Limits.hashTries) * 2)
        #expect(fixture.status.pendingFiles == 0)
        fixture.clock.onLook.withLock { $0 = nil }
        fixture.rescan()
        #expect(fixture.entry("a")?.digest == digest("0"))
    }
}
