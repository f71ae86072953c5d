import Glibc
import PassimConfig
import PassimCore
import PassimCrypto
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

@Suite struct MirrorTests {
    @Test func everyRegularFileIsInTheIndex() {
        let fixture = Fixture()
        let names: [RawName] = [
            RawName("plain"), RawName("with space"), RawName("quote'\"`"), RawName("new\nline"),
            RawName("100%"), RawName(bytes: [0xFF, 0xFE, 0x80]),
            RawName(bytes: Array(repeating: 0x61, count: 255)),
            RawName("\u{E9}"), RawName("-rf"), RawName(".hidden"), RawName("sub/deeper/file"),
        ]
        fixture.tree.makeDirectory("sub/deeper")
        for name in names { fixture.tree.write(name, name.bytes) }
        fixture.tree.write("empty", [])
        fixture.scan()
        for name in names {
            #expect(fixture.entry(name)?.digest == SHA256Hasher.digest(of: name.bytes), "\(name)")
            #expect(fixture.entry(name)?.identity.size == UInt64(name.bytes.count))
        }
        #expect(fixture.entry("empty")?.digest == digest(""))
        #expect(fixture.index.count == names.count + 1)
        #expect(fixture.status.state == .polling)
        #expect(fixture.status.items == names.count + 1)
        #expect(fixture.status.pendingFiles == 0)
        #expect(fixture.status.pendingBytes == 0)
        #expect(fixture.status.hashedFiles == names.count + 1)
        #expect(fixture.mirror.firstPassDone)
        #expect(fixture.log.warnings.isEmpty)
    }

    @Test func whatIsIndexedIsWhatStatSaysAfterAttributesWereWritten() {
        let fixture = Fixture()
        fixture.tree.write("a", "content")
        fixture.scan()
        #expect(fixture.entry("a")?.identity == fixture.tree.identity("a"))
        #expect(fixture.tree.attribute("a", "user.checksum.sha256") == digest("content").hex)
        #expect(fixture.tree.attribute("a", "user.checksum.sha256.stamp") == fixture.tree.stamp("a"))
    }

    @Test func linksPipesSocketsAndLoopsAreLeftAlone() {
        let fixture = Fixture()
        let outside = MirrorTree()
        outside.write("secret", "secret")
        fixture.tree.makeDirectory("sub")
        fixture.tree.write("sub/file", "file")
        #expect(symlink(outside.path, fixture.tree.child("out")) == 0)
        #expect(symlink(outside.child("secret"), fixture.tree.child("link")) == 0)
        #expect(symlink("sub/file", fixture.tree.child("inner")) == 0)
        #expect(symlink("..", fixture.tree.child("sub/loop")) == 0)
        #expect(symlink("self", fixture.tree.child("self")) == 0)
        #expect(mkfifo(fixture.tree.child("fifo"), 0o644) == 0)
        // A socket, where the test may make one.
        _ = mknod(fixture.tree.child("socket"), S_IFSOCK | 0o644, 0)
        fixture.scan()
        #expect(fixture.index.count == 1)
        #expect(fixture.entry("sub/file") != nil)
        #expect(fixture.log.warnings.isEmpty)
        for name in ["fifo", "socket", "link", "self", "sub/loop/sub/file"] { fixture.recheck(name) }
        #expect(fixture.index.count == 1)
    }

    @Test func configuredPathMayBeALink() {
        let fixture = Fixture()
        let place = MirrorTree()
        fixture.tree.write("a", "content")
        #expect(symlink(fixture.tree.path, place.child("link")) == 0)
        fixture.scan([fixture.dropIn("a.conf", place.child("link"))])
        #expect(fixture.entry("a")?.digest == digest("content"))
    }

    @Test func filterDecidesWhatIsShared() throws {
        let fixture = Fixture()
        fixture.tree.makeDirectory(".git/objects")
        fixture.tree.write(".git/objects/x", "x")
        fixture.tree.makeDirectory("sub")
        fixture.tree.write("sub/y", "y")
        fixture.tree.write("z", "z")
        fixture.scan()
        #expect(fixture.entry(".git/objects/x") == nil)
        #expect(fixture.entry("sub/y") != nil)
        fixture.recheck(".git/objects/x")
        #expect(fixture.entry(".git/objects/x") == nil)

        var flat = fixture.dropIn()
        flat.recursive = false
        let origin = fixture.origins[0].id
        fixture.scan([flat])
        #expect(fixture.origins[0].id == origin)
        #expect(fixture.entry("sub/y") == nil)
        #expect(fixture.entry("z") != nil)
        fixture.recheck("sub/y")
        fixture.recheck("sub")
        #expect(fixture.index.count == 1)
    }

    // MARK: - Origins

    @Test func withoutDropInsTheFirstPassIsDoneAtOnce() {
        let fixture = Fixture()
        #expect(!fixture.mirror.firstPassDone)
        let called = Lock(0)
        fixture.mirror.whenFirstPassDone { called.withLock { $0 += 1 } }
        fixture.scan([])
        #expect(fixture.mirror.firstPassDone)
        fixture.mirror.whenFirstPassDone { called.withLock { $0 += 1 } }
        #expect(called.withLock { $0 } == 2)
    }

    @Test func missingDirectoryIsOneWarningAndHarmsNoOther() {
        let fixture = Fixture()
        fixture.tree.makeDirectory("here")
        fixture.tree.write("here/a", "a")
        fixture.tree.write("file", "file")
        let here = fixture.dropIn("b.conf", fixture.tree.child("here"))
        fixture.scan([
            fixture.dropIn("a.conf", fixture.tree.child("gone")), here,
            fixture.dropIn("c.conf", fixture.tree.child("file")),
        ])
        #expect(fixture.mirror.statuses[0].state == .missing)
        #expect(fixture.mirror.statuses[1].state == .polling)
        #expect(fixture.mirror.statuses[2].state == .failed("not a directory"))
        #expect(fixture.index.count == 1)
        #expect(fixture.mirror.firstPassDone)
        #expect(fixture.log.warnings.count == 2)
        fixture.rescan()
        #expect(fixture.log.warnings.count == 2)
        fixture.tree.makeDirectory("gone")
        fixture.tree.write("gone/b", "b")
        fixture.rescan()
        #expect(fixture.mirror.statuses[0].state == .polling)
        #expect(fixture.entry("b")?.digest == digest("b"))
    }

    @Test func failuresAreListed() {
        let fixture = Fixture()
        fixture.mirror.replaceDropIns(
            [], failures: [FailedDropIn(name: "x.conf", path: "", reason: "no Path")])
        #expect(fixture.mirror.statuses.map(\.state) == [.failed("no Path")])
    }

    @Test func removedDropInLosesItsItemsAndTheOthersKeepTheirs() {
        let fixture = Fixture()
        for name in ["one", "two"] {
            fixture.tree.makeDirectory(name)
            fixture.tree.write(name + "/file", name)
        }
        let one = fixture.dropIn("1.conf", fixture.tree.child("one"))
        var two = fixture.dropIn("2.conf", fixture.tree.child("two"))
        fixture.scan([one, two])
        #expect(fixture.index.count == 2)
        let kept = fixture.origins[1].id
        two.cooldown = 5
        let told = Lock<[MirrorOrigin]>([])
        fixture.mirror.replaceDropIns([two]) { origins in told.withLock { $0 = origins } }
        #expect(told.withLock { $0.map(\.id) } == [kept])
        #expect(told.withLock { $0.map(\.dropIn.cooldown) } == [5])
        #expect(fixture.index.find(digest("one")) == nil)
        #expect(fixture.index.find(digest("two")) != nil)
        let passes = fixture.counters.passes
        fixture.drain()
        #expect(fixture.counters.passes == passes)
        fixture.scan([one, two])
        #expect(fixture.index.find(digest("one")) != nil)
        #expect(!fixture.origins.contains { $0.id.number == 1 })
    }

    @Test func workOfARemovedDropInIsDropped() {
        let fixture = Fixture()
        fixture.tree.makeDirectory("sub")
        fixture.tree.write("sub/a", "a")
        fixture.mirror.replaceDropIns([fixture.dropIn()])
        let worker = Worker(fixture.mirror)
        // The pass begins, and the root is listed.
        #expect(worker.turn())
        #expect(worker.turn())
        fixture.mirror.replaceDropIns([])
        while worker.turn() {}
        #expect(fixture.index.count == 0)
        #expect(fixture.mirror.firstPassDone)
    }

    // MARK: - Rescans

    @Test func addedChangedAndRemovedFilesAreFound() {
        let fixture = Fixture()
        fixture.tree.write("same", "same")
        fixture.tree.write("changes", "old")
        fixture.tree.write("goes", "goes")
        fixture.scan()
        fixture.tree.write("changes", "newer")
        fixture.tree.remove("goes")
        fixture.tree.write("comes", "comes")
        let before = fixture.counters.filesHashed
        fixture.rescan()
        #expect(fixture.entry("changes")?.digest == digest("newer"))
        #expect(fixture.entry("goes") == nil)
        #expect(fixture.entry("comes")?.digest == digest("comes"))
        #expect(fixture.counters.filesHashed == before + 2)
        #expect(fixture.index.find(digest("old")) == nil)
    }

    @Test func rescanOfAnUnchangedTreeOpensNothing() {
        let fixture = Fixture()
        for number in 0..<1500 { fixture.tree.write("f\(number)", "\(number)") }
        fixture.scan()
        #expect(fixture.index.count == 1500)
        // Any openat would fail.
        let faults = FaultPlan([.openat: Array(repeating: .accessDenied, count: 10000)])
        FaultPlan.$current.withValue(faults) { fixture.rescan() }
        #expect(fixture.index.count == 1500)
        #expect(fixture.status.unreadable == 0)
    }

    @Test func sameSizeRewriteWithTheTimePutBackIsHashedByARescan() {
        let fixture = Fixture()
        fixture.tree.write("a", "before")
        fixture.scan()
        fixture.tree.rewriteKeepingTimes("a", "after!")
        fixture.rescan()
        #expect(fixture.entry("a")?.digest == digest("after!"))
        #expect(fixture.entry("a")?.identity == fixture.tree.identity("a"))
        let hashed = fixture.counters.filesHashed
        fixture.rescan()
        #expect(fixture.counters.filesHashed == hashed)
    }

    @Test func changeOfModeHashesOnceAndWritesNoAttribute() {
        let fixture = Fixture()
        fixture.tree.write("a", "content")
        fixture.scan()
        #expect(chmod(fixture.tree.child("a"), 0o600) == 0)
        fixture.rescan()
        #expect(fixture.counters.filesHashed == 2)
        #expect(fixture.counters.attributesWritten == 1)
        #expect(fixture.entry("a")?.identity == fixture.tree.identity("a"))
    }

    @Test func rescanIntervalRescans() {
        let fixture = Fixture()
        var dropIn = fixture.dropIn()
        dropIn.rescanInterval = 60
        fixture.scan([dropIn])
        fixture.rescan()
        #expect(fixture.counters.passes == 2)
        fixture.tree.write("a", "content")
        fixture.clock.advance(seconds: 59)
        fixture.drain()
        #expect(fixture.entry("a") == nil)
        fixture.clock.advance(seconds: 2)
        fixture.drain()
        // Once, though two passes have scheduled one.
        #expect(fixture.counters.passes == 3)
        #expect(fixture.entry("a") != nil)
    }

    @Test func missingDirectoryIsPickedUpWhenDropInsAreReadAgain() {
        let fixture = Fixture()
        let dropIn = fixture.dropIn("a.conf", fixture.tree.child("late"))
        fixture.scan([dropIn])
        #expect(fixture.status.state == .missing)
        fixture.tree.makeDirectory("late")
        fixture.tree.write("late/a", "a")
        fixture.scan([dropIn])
        #expect(fixture.status.state == .polling)
        #expect(fixture.entry("a") != nil)
    }

    @Test func fileThatWaitsIsNotSharedWhenTheFilterChangesMeanwhile() throws {
        let fixture = Fixture()
        fixture.clock.set(ahead: 0)
        fixture.tree.write("a", "a")
        fixture.scan()
        for _ in 0..<3 {
            // Still young each time: no pass waits for it any more.
            fixture.clock.advance(seconds: 1)
            var now = wallClock()
            now.seconds += 100
            fixture.tree.setModified("a", now)
            fixture.clock.set(ahead: 100)
            fixture.drain()
            fixture.clock.advance(seconds: 1)
        }
        #expect(fixture.mirror.firstPassDone)
        #expect(fixture.status.pendingFiles == 1)
        var dropIn = fixture.dropIn()
        dropIn.exclude = [try Glob("a")]
        fixture.scan([dropIn])
        fixture.clock.advance(seconds: 60)
        fixture.drain()
        #expect(fixture.entry("a") == nil)
        #expect(fixture.status.pendingFiles == 0)
        fixture.scan()
        #expect(fixture.entry("a") != nil)
    }

    @Test func kindsThatTheListingDoesNotTellAreAskedFor() throws {
        let fixture = Fixture()
        fixture.tree.makeDirectory("sub")
        fixture.tree.write("sub/inner", "inner")
        fixture.tree.write("file", "file")
        #expect(mkfifo(fixture.tree.child("fifo"), 0o644) == 0)
        #expect(symlink("file", fixture.tree.child("link")) == 0)
        fixture.origins = fixture.mirror.replaceDropIns([fixture.dropIn()])
        let worker = Worker(fixture.mirror)
        for _ in 0..<2 {
            // The root is found.
            #expect(worker.turn())
            let turn = try #require(fixture.mirror.nextTurn())
            guard case .list(let visit) = turn.work else {
                Issue.record("not a listing")
                return
            }
            fixture.mirror.change { state, _ in _ = state.enter(visit.node, watch: -1, isSearchable: true) }
            let directory = fixture.index.directory(origin: fixture.origins[0].id, path: .empty)
            visit.indexVisit = fixture.index.beginVisit(directory)
            var names = NameCollector(visit.node, scan: visit.scan, rules: 0, rest: 0)
            for name in ["sub", "file", "fifo", "link", "gone"] { names.add(RawName(name), .unknown) }
            worker.check(turn, names.finish()[0], visit)
            fixture.mirror.change { state, now in state.end(turn, now: now) }
            fixture.drain()
            #expect(fixture.index.count == 2)
            fixture.mirror.rescanAll()
        }
    }

    // MARK: - Re-checks

    @Test func recheckDoesNotBelieveTheStamp() {
        let fixture = Fixture()
        fixture.tree.write("a", "before")
        fixture.scan()
        fixture.tree.rewriteKeepingTimes("a", "after!")
        // As the server does.
        fixture.index.apply([.drop(fixture.entry("a")!)])
        fixture.mirror.recheck(origin: fixture.origins[0].id, path: RawName("a"))
        // A walk that comes in between does not believe it either.
        fixture.mirror.rescanAll()
        fixture.drain()
        #expect(fixture.entry("a")?.digest == digest("after!"))
        #expect(fixture.counters.filesHashed == 2)
        #expect(fixture.tree.attribute("a", "user.checksum.sha256") == digest("after!").hex)
    }

    @Test func recheckFollowsWhatBecameOfAPath() {
        let fixture = Fixture()
        fixture.tree.makeDirectory("sub")
        fixture.tree.write("sub/a", "a")
        fixture.scan()
        #expect(rename(fixture.tree.child("sub"), fixture.tree.child("moved")) == 0)
        fixture.recheck("sub")
        #expect(fixture.index.count == 0)
        fixture.recheck("moved")
        #expect(fixture.entry("moved/a")?.digest == digest("a"))
        fixture.tree.write("moved/b", "b")
        fixture.recheck("moved/b")
        #expect(fixture.entry("moved/b")?.digest == digest("b"))
        fixture.tree.remove("moved/b")
        fixture.recheck("moved/b")
        #expect(fixture.entry("moved/b") == nil)
        fixture.tree.write("c", "c")
        fixture.recheck("")
        #expect(fixture.entry("c")?.digest == digest("c"))
        #expect(fixture.mirror.look { $0.nameBytes } == 0)
    }

    @Test func recheckOfAnUnknownOriginOrPathDoesNothing() {
        let fixture = Fixture()
        fixture.scan()
        fixture.mirror.recheck(origin: OriginID(77), path: RawName("x"))
        fixture.recheck("not/there")
        fixture.recheck("../..")
        #expect(fixture.index.count == 0)
    }

    @Test func manyRechecksOfOnePathAreOne() {
        let fixture = Fixture()
        fixture.tree.write("a", "content")
        fixture.scan()
        fixture.tree.rewriteKeepingTimes("a", "CONTENT")
        for _ in 0..<100 { fixture.mirror.recheck(origin: fixture.origins[0].id, path: RawName("a")) }
        fixture.drain()
        #expect(fixture.counters.filesHashed == 2)
    }

    // MARK: - Threads

    @Test func workersScanAndStopInTheMiddleOfALargeFile() throws {
        let tree = MirrorTree()
        for number in 0..<200 { tree.write("f\(number)", "\(number)") }
        tree.makeSparse("huge", size: 1 << 40)
        let fixture = Fixture(tree: tree)
        let mirror = Mirror(
            index: fixture.index, store: nil, place: .storeOnly, logger: fixture.log.logger, workers: 2,
            clock: TimeSource(now: fixture.clock.clock.now, monotonic: TimeSource.system.monotonic))
        let indexed = Gate()
        let subscription = fixture.index.subscribe { [index = fixture.index] _ in
            if index.count == 200 { indexed.open() }
        }
        try mirror.start()
        mirror.replaceDropIns([fixture.dropIn()])
        indexed.wait()
        mirror.stop()
        _ = subscription
        #expect(fixture.index.count == 200)
        #expect(!mirror.firstPassDone)
    }

    @Test func smallFilesDoNotWaitForALargeOne() throws {
        let fixture = Fixture(place: .storeOnly)
        fixture.tree.makeSparse("large", size: 200 << 20)
        let appeared = Lock<[Digest]>([])
        let subscription = fixture.index.subscribe { batch in
            appeared.withLock { $0 += batch.appeared }
        }
        fixture.origins = fixture.mirror.replaceDropIns([fixture.dropIn()])
        let origin = fixture.origins[0].id
        let once = Lock(true)
        fixture.clock.onLook.withLock { hook in
            // Just before the large file is read.
            hook = { [tree = fixture.tree, mirror = fixture.mirror] in
                guard
                    once.withLock({ once in
                        defer { once = false }
                        return once
                    })
                else { return }
                tree.write("small", "small")
                mirror.recheck(origin: origin, path: RawName("small"))
            }
        }
        fixture.drain()
        _ = subscription
        #expect(appeared.withLock { $0 } == [digest("small"), fixture.entry("large")?.digest])
    }

    @Test func stopBeforeStartAndTwiceIsHarmless() throws {
        let fixture = Fixture()
        fixture.mirror.stop()
        fixture.mirror.stop()
        let mirror = Fixture().mirror
        try mirror.start()
        mirror.stop()
        mirror.stop()
    }
}

/// Closed until it is opened; threads wait for it.
final class Gate: Sendable {
    private let eventCount = EventCount()
    private let isOpen = Lock(false)

    func open() {
        isOpen.withLock { $0 = true }
        eventCount.notify(all: true)
    }

    func wait() {
        while true {
            let ticket = eventCount.ticket()
            if isOpen.withLock({ $0 }) { return }
            eventCount.wait(after: ticket, until: nil)
        }
    }
}
