import Glibc
import PassimConfig
import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

extension LiveTests {
    @Suite struct LiveMirrorTests {
        // MARK: - How much is done

        @Test func burstIsFewBatchesAndEachFileIsHashedOnce() throws {
            let fixture = try LiveFixture(isStarted: false)
            defer { fixture.stop() }
            for number in 0..<10 { fixture.tree.makeDirectory("\(number)") }
            let origins = fixture.share()
            fixture.drain()
            for number in 0..<5_000 {
                let path = fixture.tree.child("\(number % 10)/\(number)")
                // Each time it is modified and closed, twenty events in all.
                for _ in 0..<10 {
                    let file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
                    write(file, path, path.utf8.count)
                    close(file)
                }
            }
            // Events come in their order: with this one's the watcher has read all. Where the kernel lost some, it
            // may be lost too, and is written again.
            #expect(
                eventually {
                    fixture.tree.write("last", "")
                    return fixture.isMarked("last", in: "", of: origins[0])
                })
            #expect(
                eventually {
                    fixture.drain()
                    return fixture.mirror.nextDue == nil && fixture.settle(origins, seconds: 0) == nil
                })
            let batches = fixture.batches.withLock { $0 }
            let hashed = fixture.mirror.counters.filesHashed
            print("live: 100 000 events over 5 000 files: \(batches) batches, \(hashed) files hashed")
            #expect(batches < 500)
            // Beside others a few are read again: events come late, and nobody can tell of what.
            #expect(5_001...5_050 ~= hashed)
        }

        /// As `passim mirror sync` does it. The digests that are told are wrong, which shows that nobody has read it.
        @Test func renamedFileThatRootVouchesForIsNotReadAndOneThatIsWrittenIs() throws {
            let fixture = try LiveFixture(isStarted: false)
            defer { fixture.stop() }
            fixture.tree.makeDirectory("mirror")
            fixture.share([fixture.dropIn("a.conf", "mirror")])
            fixture.drain()
            fixture.tree.write("renamed", "bytes of a file that is renamed")
            fixture.tree.rename("renamed", to: "mirror/renamed")
            fixture.tree.write("mirror/written", "bytes")
            for path in ["mirror/renamed", "mirror/written"] {
                fixture.mirror.vouch([
                    Voucher(identity: fixture.tree.identity(path), digest: digest("told of \(path)"))
                ])
            }
            #expect(
                eventually {
                    fixture.drain()
                    return fixture.entry("renamed") != nil && fixture.entry("written") != nil
                })
            #expect(fixture.entry("renamed")?.digest == digest("told of mirror/renamed"))
            #expect(fixture.entry("written")?.digest == digest("bytes"))
            #expect(fixture.mirror.counters.filesHashed == 1 && fixture.mirror.counters.filesVouched == 1)
        }

        @Test func ownAttributesAreNoNewsForLong() throws {
            let fixture = try LiveFixture()
            defer { fixture.stop() }
            for number in 0..<2_000 { fixture.tree.write("f\(number)", "\(number)") }
            let origins = fixture.share()
            #expect(fixture.settle(origins) == nil)
            #expect(fixture.mirror.counters.attributesWritten == 2_000)
            // Every write of an attribute is told, and looked at, once.
            #expect(eventually { fixture.mirror.nextDue == nil })
            #expect(fixture.waitUntilIdle())
            #expect(fixture.mirror.nextDue == nil)
            #expect(fixture.mirror.counters.filesHashed == 2_000)
            #expect(fixture.mirror.counters.attributesWritten == 2_000)
        }

        @Test func fileThatIsRewrittenAllTheTimeStarvesNoOther() throws {
            let fixture = try LiveFixture()
            defer { fixture.stop() }
            fixture.tree.write("busy", "")
            fixture.share()
            #expect(eventually { fixture.mirror.firstPassDone })
            let isOver = Lock(false)
            let tree = fixture.tree
            let writer = try SystemThread(name: "writer") {
                var count = 0
                while !isOver.withLock({ $0 }) && count < 2_000 {
                    tree.write("busy", "\(count)")
                    count += 1
                    usleep(50_000)
                }
            }
            for number in 0..<200 { tree.write("f\(number)", "\(number)") }
            #expect(eventually { (0..<200).allSatisfy { fixture.index.find(digest("\($0)")) != nil } })
            isOver.withLock { $0 = true }
            writer.join()
        }

        // MARK: - What is complete

        @Test func fileThatIsOpenForWritingIsLeftAloneUntilItIsClosed() throws {
            let fixture = try LiveFixture()
            defer { fixture.stop() }
            fixture.tree.write("known", "before")
            let origins = fixture.share()
            #expect(fixture.settle(origins) == nil)
            let new = open(fixture.tree.child("new"), O_WRONLY | O_CREAT, 0o644)
            let known = open(fixture.tree.child("known"), O_WRONLY | O_TRUNC)
            for file in [new, known] { write(file, "half", 4) }
            // What comes later is published before.
            for number in 0..<3 {
                fixture.tree.write("fence", "\(number)")
                #expect(eventually { fixture.index.find(digest("\(number)")) != nil })
            }
            #expect(fixture.index.find(digest("half")) == nil)
            #expect(fixture.index.find(digest("before")) == nil)
            for file in [new, known] {
                write(file, "!", 1)
                close(file)
            }
            #expect(fixture.settle(origins) == nil)
            #expect(fixture.index.entries(digest("half!")).count == 2)
        }

        @Test func allNamesOfAFileAreLookedAt() throws {
            let fixture = try LiveFixture()
            defer { fixture.stop() }
            fixture.tree.makeDirectory("one/two")
            fixture.tree.write("one/a", "content")
            let origins = fixture.share()
            #expect(fixture.settle(origins) == nil)
            // link(2) and unlink(2) move the ctime of the other names, of which nothing is told.
            #expect(link(fixture.tree.child("one/a"), fixture.tree.child("one/two/b")) == 0)
            #expect(fixture.settle(origins) == nil)
            #expect(link(fixture.tree.child("one/two/b"), fixture.tree.child("c")) == 0)
            #expect(fixture.settle(origins) == nil)
            fixture.tree.write("one/two/b", "other")
            #expect(fixture.settle(origins) == nil)
            #expect(fixture.index.entries(digest("other")).count == 3)
            #expect(chmod(fixture.tree.child("c"), 0o600) == 0)
            #expect(fixture.settle(origins) == nil)
            removeTree(fixture.tree.child("one/two"))
            #expect(fixture.settle(origins) == nil)
            fixture.tree.remove("one/a")
            #expect(fixture.settle(origins) == nil)
            #expect(fixture.index.entries(digest("other")).count == 1)
        }

        /// Nothing of it is read again: what is known of its files goes with it.
        @Test func directoryThatIsRenamedIsNotHashedAgain() throws {
            let fixture = try LiveFixture()
            defer { fixture.stop() }
            fixture.tree.makeDirectory("old/sub")
            for number in 0..<50 { fixture.tree.write("old/sub/f\(number)", "\(number)") }
            let origins = fixture.share()
            #expect(fixture.settle(origins) == nil)
            let hashed = fixture.mirror.counters.filesHashed
            #expect(rename(fixture.tree.child("old"), fixture.tree.child("new")) == 0)
            #expect(fixture.settle(origins) == nil)
            #expect(fixture.index.count == 50)
            #expect(fixture.mirror.counters.filesHashed == hashed)
        }

        // MARK: - What may be missed

        @Test func lostEventsAreMadeUpForAndWhatIsValidStays() throws {
            let fixture = try LiveFixture()
            defer { fixture.stop() }
            fixture.tree.makeDirectory("sub")
            for number in 0..<50 { fixture.tree.write("sub/f\(number)", "\(number)") }
            let origins = fixture.share()
            #expect(fixture.settle(origins) == nil)
            let vanished = Lock<Set<Digest>>([])
            let subscription = fixture.index.subscribe { batch in
                vanished.withLock { $0.formUnion(batch.vanished) }
            }
            defer { subscription.cancel() }
            let limit = Limit.number(in: "/proc/sys/fs/inotify/max_queued_events") ?? 16_384
            // While the lock is held the watcher reads once at most: twice as many events as there is room for.
            fixture.mirror.look { _ in
                fixture.tree.write("a", "")
                for _ in 0...limit / 2 {
                    rename(fixture.tree.child("a"), fixture.tree.child("b"))
                    rename(fixture.tree.child("b"), fixture.tree.child("a"))
                }
                fixture.tree.write("sub/f1", "changed")
                fixture.tree.remove("sub/f2")
                fixture.tree.makeDirectory("new/deep")
                fixture.tree.write("new/deep/file", "new")
            }
            #expect(eventually { fixture.mirror.look { $0.lost } > 0 })
            #expect(fixture.settle(origins) == nil)
            #expect(fixture.entry("new/deep/file") != nil)
            // But for the file that was renamed all the time.
            #expect(vanished.withLock { $0 }.subtracting([digest("")]) == [digest("1"), digest("2")])
        }

        @Test func rootThatComesGoesAndIsReplacedIsFollowed() throws {
            let fixture = try LiveFixture()
            defer { fixture.stop() }
            let origins = fixture.share([fixture.dropIn("a.conf", "way/to/root")])
            #expect(eventually { fixture.mirror.statuses[0].state == .missing })
            fixture.tree.makeDirectory("way/to/root")
            fixture.tree.write("way/to/root/a", "a")
            #expect(fixture.settle(origins) == nil)
            #expect(eventually { fixture.mirror.statuses[0].state == .watching })
            // Gone with a directory above it.
            #expect(rename(fixture.tree.child("way"), fixture.tree.child("elsewhere")) == 0)
            #expect(fixture.settle(origins) == nil)
            #expect(eventually { fixture.mirror.statuses[0].state == .missing })
            fixture.tree.makeDirectory("way")
            #expect(symlink("../elsewhere/to", fixture.tree.child("way/to")) == 0)
            #expect(fixture.settle(origins) == nil)
            #expect(fixture.entry("a") != nil)
            // Another directory at the end of the link.
            #expect(rename(fixture.tree.child("elsewhere"), fixture.tree.child("old")) == 0)
            fixture.tree.makeDirectory("elsewhere/to/root")
            fixture.tree.write("elsewhere/to/root/b", "b")
            fixture.tree.write("old/to/root/a", "not shared")
            #expect(fixture.settle(origins) == nil)
            #expect(fixture.entry("b") != nil && fixture.index.count == 1)
        }

        @Test func fileQueuedUnderADirectoryThatIsReplacedIsFoundInTheNewOne() throws {
            let fixture = try LiveFixture(isStarted: false)
            defer { fixture.stop() }
            fixture.tree.makeDirectory("d")
            fixture.share()
            fixture.drain()
            fixture.tree.write("d/x", "old")
            #expect(fixture.waitForWork())
            // The look is the first piece of work, and queues the file.
            let worker = Worker(fixture.mirror)
            #expect(worker.turn())
            removeTree(fixture.tree.child("d"))
            fixture.tree.makeDirectory("d")
            fixture.tree.write("d/x", "new")
            // Looks come before files: the new directory is walked while the old job waits.
            #expect(fixture.waitForWork())
            #expect(
                eventually {
                    fixture.drain()
                    return fixture.index.find(digest("new")) != nil
                })
        }

        @Test func directoryThatIsAwayWhileItIsWalkedIsFoundWhenItIsBack() throws {
            let fixture = try LiveFixture(isStarted: false)
            defer { fixture.stop() }
            fixture.tree.makeDirectory("root/other")
            fixture.tree.write("root/d/x", "x")
            let origins = fixture.share([fixture.dropIn("a.conf", "root")])
            func isSettled() -> Bool {
                fixture.drain()
                return fixture.mirror.nextDue == nil && fixture.settle(origins, seconds: 0) == nil
            }
            #expect(eventually { isSettled() })
            fixture.mirror.rescanAll()
            let worker = Worker(fixture.mirror)
            // The pass begins, and the root is listed without the directory; the other one still waits.
            #expect(worker.turn())
            #expect(rename(fixture.tree.child("root/d"), fixture.tree.child("away")) == 0)
            #expect(worker.turn())
            #expect(rename(fixture.tree.child("away"), fixture.tree.child("root/d")) == 0)
            #expect(fixture.waitForWork())
            #expect(eventually { isSettled() })
        }

        @Test func nothingIsLeftOfADropInThatIsGone() throws {
            let fixture = try LiveFixture()
            defer { fixture.stop() }
            fixture.tree.makeDirectory("a/b/c")
            fixture.tree.write("a/b/c/file", "file")
            #expect(fixture.settle(fixture.share()) == nil)
            #expect(fixture.watchCount > 3)
            fixture.share([])
            #expect(eventually { fixture.watchCount == 0 })
            #expect(fixture.mirror.look { !$0.watches.isFollowing && $0.origins.isEmpty })
        }
    }
}

enum Limit {
    static func number(in path: String) -> Int? {
        guard let file = try? Descriptor.open(path, .readOnly), let text = try? file.readAll(limit: 64) else {
            return nil
        }
        return Int(String(decoding: text.prefix { $0 != 0x0A }, as: UTF8.self))
    }
}
