import Glibc
import PassimCore
import PassimSystem
import Testing

@testable import PassimMirror

extension LiveTests {
    @Suite struct WatchTableEventsTests {
        private let live: LiveTable
        private let root: WatchNode
        private let directory: WatchNode

        init() throws {
            live = try LiveTable()
            live.tree.makeDirectory("d")
            root = live.enterRoot().node!
            directory = live.enter("d").node!
        }

        private func take(_ mask: InotifyMask, _ name: String?, in node: WatchNode? = nil, at now: UInt64 = 0)
        {
            let watch = (node ?? directory).watch
            live.table.take(InotifyEvent(watch: watch, mask: mask, name: name.map { RawName($0) }), now: now)
        }

        private func isWriting(_ name: String, size: UInt64 = 1) -> Bool {
            live.table.isWriting(directory, RawName(name), size: size)
        }

        private static let marks: [(InotifyMask, NoteTable.Marks)] = [
            (.closedAfterWriting, .written), (.movedTo, .written), (.movedFrom, []), (.deleted, []),
            (.attributesChanged, []), (.created, []), (.modified, .written), ([.created, .isDirectory], []),
            ([.deleted, .isDirectory], []), ([.movedFrom, .isDirectory], []),
            ([.movedTo, .isDirectory], .thorough), ([.attributesChanged, .isDirectory], []),
        ]

        @Test(arguments: marks)
        func whateverHappensToANameIsNoted(_ mask: InotifyMask, _ marks: NoteTable.Marks) {
            take(mask, "name")
            #expect(live.notes() == ["d": ["name": marks]])
            #expect(live.notes() == [:])
        }

        @Test func eachNameIsNotedOnceWithAllItsMarks() {
            for mask: InotifyMask in [.movedFrom, .movedTo, .attributesChanged] { take(mask, "a") }
            take(.deleted, "b")
            take(.deleted, "c", in: root)
            #expect(live.notes() == ["d": ["a": .written, "b": []], "": ["c": []]])
        }

        // MARK: - Files that are being written

        @Test func fileThatIsWrittenIsNotedAtFirstAndAtTheEnd() {
            take(.created, "a")
            #expect(live.notes() == ["d": ["a": []]])
            #expect(isWriting("a", size: 0))
            for _ in 0..<3 { take(.modified, "a") }
            #expect(live.notes() == [:])
            #expect(isWriting("a"))
            take(.attributesChanged, "a")
            #expect(live.notes() == ["d": ["a": []]])
            #expect(isWriting("a"))
            take(.closedAfterWriting, "a")
            #expect(live.notes() == ["d": ["a": .written]])
            #expect(!isWriting("a"))
        }

        @Test(arguments: [InotifyMask.deleted, .movedFrom, .movedTo])
        func whatTakesTheNameAwayEndsTheWriting(_ mask: InotifyMask) {
            take(.modified, "a")
            #expect(isWriting("a"))
            take(mask, "a")
            #expect(!isWriting("a"))
        }

        @Test func fileThatComesWithItsBytesIsALinkAndComplete() {
            take(.created, "a")
            #expect(!isWriting("a", size: 1))
            // From now on, whatever its size.
            #expect(!isWriting("a", size: 0))
        }

        @Test func writingThatNeverEndsIsOverAfterAWhileOfSilence() {
            take(.modified, "a", at: 1_000)
            take(.created, "b", at: 1_000)
            _ = live.notes()
            #expect(live.table.nextDeadline == 1_000 + Limits.silence)
            take(.modified, "a", at: 5_000)
            live.table.expire(now: 999 + Limits.silence)
            #expect(live.notes() == [:])
            live.table.expire(now: 1_000 + Limits.silence)
            #expect(live.notes() == ["d": ["b": .written]])
            #expect(isWriting("a") && !isWriting("b", size: 0))
            #expect(live.table.nextDeadline == 5_000 + Limits.silence)
            live.table.expire(now: 5_000 + Limits.silence)
            #expect(live.notes() == ["d": ["a": .written]])
            #expect(!isWriting("a"))
            #expect(live.table.nextDeadline == nil)
        }

        @Test func writingThatHasEndedDoesNotExpire() {
            take(.modified, "a")
            take(.closedAfterWriting, "a")
            _ = live.notes()
            live.table.expire(now: Limits.silence)
            #expect(live.notes() == [:])
        }

        // MARK: - What is lost

        @Test func overflowIsFoundAndEndsAllWriting() {
            take(.modified, "a")
            _ = live.notes()
            live.table.take(InotifyEvent(watch: -1, mask: .overflow, name: nil), now: 0)
            #expect(!isWriting("a"))
            #expect(live.table.nextDeadline == nil)
            let (findings, notes) = live.table.takeFindings()
            #expect(findings.overflow && notes.isEmpty && findings.followers.isEmpty)
            #expect(live.table.takeFindings().findings.isEmpty)
        }

        @Test func directoryWhoseWatchEndsIsLookedAtFromAbove() {
            let mark = live.table.mark(of: directory)
            let watch = directory.watch
            take(.ignored, nil)
            #expect(live.notes() == ["": ["d": .thorough]])
            #expect(!live.table.isWatched(directory))
            #expect(live.table.mark(of: directory) != mark)
            #expect(
                live.table.directories(of: live.origin) == WatchTable.DirectoryCount(all: 2, unwatched: 1))
            live.table.take(InotifyEvent(watch: watch, mask: .deleted, name: RawName("x")), now: 0)
            #expect(live.notes() == [:])
        }

        @Test(arguments: [InotifyMask.ignored, .deletedSelf, .movedSelf, .attributesChanged, .unmounted])
        func whatHappensToTheRootIsToldToItsFollower(_ mask: InotifyMask) {
            take(mask, nil, in: root)
            #expect(live.table.takeFindings().findings.followers == [.origin(live.origin)])
        }

        @Test(arguments: [InotifyMask.deletedSelf, .movedSelf, .attributesChanged])
        func whatHappensToADirectoryIsToldAbove(_ mask: InotifyMask) {
            take(mask, nil)
            #expect(live.table.takeFindings().findings.isEmpty)
        }

        @Test func eventsOfADirectoryThatIsGoneAreDropped() {
            take(.deleted, "a")
            live.table.retire(directory)
            #expect(live.notes() == [:])
            live.table.take(InotifyEvent(watch: 1 << 20, mask: .deleted, name: RawName("a")), now: 0)
            #expect(live.notes() == [:])
        }

        // MARK: - What the kernel says

        @Test func realChangesAreNotedWhereTheyHappen() throws {
            live.tree.write("d/a", "content")
            live.tree.write("b", "content")
            #expect(rename(live.tree.child("b"), live.tree.child("d/c")) == 0)
            live.tree.makeDirectory("new")
            #expect(chmod(live.tree.child("d/a"), 0o600) == 0)
            live.readEvents()
            #expect(
                live.notes() == ["": ["b": .written, "new": []], "d": ["a": .written, "c": .written]])
            live.tree.remove("d/a")
            live.tree.remove("d/c")
            live.tree.remove("d")
            live.readEvents()
            #expect(live.notes()[""] == ["d": .thorough])
        }

        @Test func readingIsNoEvent() throws {
            live.tree.write("d/a", "content")
            live.readEvents()
            _ = live.notes()
            _ = live.tree.identity("d/a")
            _ = live.tree.attribute("d/a", "user.x")
            live.readEvents()
            #expect(live.table.takeFindings().findings.isEmpty)
        }

        // MARK: - Files with several names

        @Test func otherNamesOfAFileAreNotedAndTheWatcherIsWoken() {
            let inode = RootIdentity(live.tree.identity("d"))
            let a = RawName("a")
            let b = RawName("b")
            var known = live.table.link(a, in: root, to: inode, isToldOf: true)
            #expect(known == 1)
            #expect(live.woken.withLock { $0 } == 0)
            known = live.table.link(b, in: directory, to: inode, isToldOf: true)
            #expect(known == 2)
            #expect(live.notes() == ["": ["a": []]])
            #expect(live.woken.withLock { $0 } == 1)
            known = live.table.link(b, in: directory, to: inode, isToldOf: true)
            #expect(known == nil)
            #expect(live.notes() == [:])
            live.table.touchLinks(a, in: root)
            #expect(live.notes() == ["d": ["b": []]])
            live.table.retire(directory)
            #expect(live.notes() == ["": ["a": []]])
            live.table.touchLinks(a, in: root)
            #expect(live.notes() == [:])
            known = live.table.link(a, in: root, to: nil, isToldOf: true)
            #expect(known == nil)
            #expect(live.table.state.withLock { $0.links.isEmpty && $0.linkCount == 0 })
        }
    }
}
