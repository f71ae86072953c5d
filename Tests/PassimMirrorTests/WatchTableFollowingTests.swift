import Glibc
import PassimCore
import PassimSystem
import Testing

@testable import PassimMirror

extension LiveTests {
    @Suite struct WatchTableFollowingTests {
        private let live: LiveTable

        init() throws { live = try LiveTable() }

        private func follow(_ path: String, content: Bool = false) {
            live.table.follow(path, .dropIns, content: content)
            live.readEvents()
            _ = live.table.takeFindings()
        }

        /// Whether what has happened is told to who follows.
        private func isTold() -> Bool {
            live.readEvents()
            return live.table.takeFindings().findings.followers == [.dropIns]
        }

        /// Whether a drop-in has changed, and which ones are being written.
        private func dropIns() -> (isChanged: Bool, unfinished: Set<RawName>) {
            live.readEvents()
            return (live.table.takeFindings().findings.dropIns, live.table.unfinishedDropIns)
        }

        @Test func everyStepOfThePathIsWatchedForItsName() {
            live.tree.makeDirectory("a/b/c")
            follow(live.tree.child("a/b/c"))
            #expect(!isTold())
            live.tree.makeDirectory("a/other")
            live.tree.write("a/b/c/file", "")
            #expect(!isTold())
            #expect(rename(live.tree.child("a"), live.tree.child("x")) == 0)
            #expect(isTold())
            // Until it is followed again, the old way counts.
            #expect(rename(live.tree.child("x/b/c"), live.tree.child("x/b/d")) == 0)
            #expect(isTold())
            follow(live.tree.child("a/b/c"))
            #expect(rename(live.tree.child("x/b/d"), live.tree.child("x/b/c")) == 0)
            #expect(!isTold())
            #expect(rename(live.tree.child("x"), live.tree.child("a")) == 0)
            #expect(isTold())
        }

        @Test func whatIsMissingIsWaitedForWhereItIsMissing() {
            follow(live.tree.child("a/b"))
            live.tree.makeDirectory("b")
            #expect(!isTold())
            live.tree.makeDirectory("a")
            #expect(isTold())
            follow(live.tree.child("a/b"))
            live.tree.makeDirectory("a/b")
            #expect(isTold())
            follow(live.tree.child("a/b"))
            live.tree.remove("a/b")
            live.tree.remove("a")
            #expect(isTold())
        }

        @Test func linksAreFollowedAndWatchedThemselves() {
            live.tree.makeDirectory("real/deep")
            for (target, name) in [
                ("two", "one"), (live.tree.child("real"), "two"), ("./two/.././two", "dots"),
            ] {
                #expect(symlink(target, live.tree.child(name)) == 0)
            }
            for path in ["one/deep", "dots/deep"] {
                follow(live.tree.child(path))
                #expect(rename(live.tree.child("real/deep"), live.tree.child("real/away")) == 0)
                #expect(isTold(), "\(path)")
                #expect(rename(live.tree.child("real/away"), live.tree.child("real/deep")) == 0)
                #expect(isTold(), "\(path)")
                #expect(rename(live.tree.child("two"), live.tree.child("three")) == 0)
                #expect(isTold(), "\(path)")
                #expect(rename(live.tree.child("three"), live.tree.child("two")) == 0)
                #expect(isTold(), "\(path)")
            }
        }

        @Test func wayUpIsTheKernels() {
            live.tree.makeDirectory("a/b")
            live.tree.makeDirectory("c")
            #expect(symlink("a/b", live.tree.child("link")) == 0)
            // link/.. is a.
            follow(live.tree.child("link/../b/../../c"))
            #expect(rename(live.tree.child("c"), live.tree.child("d")) == 0)
            #expect(isTold())
            follow("/../.." + live.tree.child("d"))
            #expect(rename(live.tree.child("d"), live.tree.child("e")) == 0)
            #expect(isTold())
        }

        @Test func loopEnds() {
            for (target, name) in [("two", "one"), ("one", "two"), ("self/self", "self")] {
                #expect(symlink(target, live.tree.child(name)) == 0)
            }
            follow(live.tree.child("one/x"))
            live.tree.remove("two")
            #expect(isTold())
            follow(live.tree.child("self"))
            live.tree.remove("self")
            #expect(isTold())
        }

        @Test func rootAndWhatIsNoDirectoryCanBeFollowed() {
            follow("/")
            follow("")
            live.tree.write("file", "")
            follow(live.tree.child("file/x"))
            live.tree.remove("file")
            #expect(isTold())
        }

        @Test func contentIsToldWhenItIsComplete() {
            let name = RawName("a.conf")
            live.tree.makeDirectory("d")
            follow(live.tree.child("d"), content: true)
            #expect(dropIns() == (false, []))
            let file = open(live.tree.child("d/a.conf"), O_WRONLY | O_CREAT, 0o644)
            #expect(dropIns() == (false, [name]))
            write(file, "x", 1)
            fchmod(file, 0o600)
            #expect(dropIns() == (false, [name]))
            close(file)
            #expect(dropIns() == (true, []))
            #expect(rename(live.tree.child("d/a.conf"), live.tree.child("d/b.conf")) == 0)
            #expect(dropIns() == (true, []))
            live.tree.remove("d/b.conf")
            #expect(dropIns() == (true, []))
        }

        @Test func dropInThatNobodyClosesIsCompleteAfterAWhile() {
            live.tree.makeDirectory("d")
            follow(live.tree.child("d"), content: true)
            // A link is all there at once.
            #expect(symlink("elsewhere", live.tree.child("d/link.conf")) == 0)
            #expect(dropIns() == (false, [RawName("link.conf")]))
            #expect(live.table.nextDeadline == Limits.dropInBegun)
            live.table.expire(now: Limits.dropInBegun - 1)
            #expect(dropIns() == (false, [RawName("link.conf")]))
            live.table.expire(now: Limits.dropInBegun)
            #expect(dropIns() == (true, []))
            live.tree.write("d/a.conf", "")
            _ = dropIns()
            #expect(truncate(live.tree.child("d/a.conf"), 10) == 0)
            #expect(dropIns() == (false, [RawName("a.conf")]))
            live.table.expire(now: Limits.silence)
            #expect(dropIns() == (true, []))
        }

        @Test func directoryOfATreeIsFollowedToo() {
            live.tree.makeDirectory("a/b")
            live.enterRoot()
            live.enter("a")
            follow(live.tree.child("a/b"))
            live.tree.write("a/file", "")
            live.readEvents()
            #expect(live.notes() == ["a": ["file": .written]])
            live.table.retireRoot(of: live.origin)
            live.tree.remove("a/b")
            #expect(isTold())
            // Watched again as part of a tree, nothing is asked for less.
            live.enterRoot()
            live.enter("a")
            live.tree.makeDirectory("a/b")
            #expect(isTold())
        }

        @Test func nothingIsLeftWhenNobodyFollows() {
            live.tree.makeDirectory("a/b")
            live.table.follow(live.tree.child("a/b"), .origin(live.origin))
            #expect(live.watchesOfTheKernel() > 2)
            live.table.retireAll(of: live.origin)
            #expect(live.watchesOfTheKernel() == 0)
            #expect(live.table.state.withLock { $0.followed.isEmpty && $0.watches.isEmpty })
        }

        @Test func ofTwoWhoFollowAtATimeTheLaterOnesStepsRemain() throws {
            live.tree.makeDirectory("a/b")
            let path = live.tree.child("a/b")
            let table = live.table
            let threads = try (0..<4).map { number in
                try SystemThread(name: "follower-\(number)") {
                    for _ in 0..<200 { table.follow(path, .dropIns) }
                }
            }
            for thread in threads { thread.join() }
            live.tree.remove("a/b")
            #expect(isTold())
        }
    }
}
