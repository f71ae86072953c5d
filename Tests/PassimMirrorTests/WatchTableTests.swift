import Glibc
import PassimCore
import PassimSystem
import Testing

@testable import PassimMirror

extension LiveTests {
    @Suite struct WatchTableTests {
        @Test func directoriesThatAreEnteredAreATree() throws {
            let live = try LiveTable()
            live.tree.makeDirectory("a/b")
            #expect(live.node("") == nil)
            #expect(live.enterRoot().isNew)
            #expect(live.enter("a").isNew)
            #expect(live.enter("a/b").isNew)
            #expect(live.enterRoot().isKnown)
            #expect(live.enter("a").isKnown)
            #expect(live.enter("a/b").node === live.node("a/b"))
            #expect(live.node("a/b")?.path == RawName("a/b"))
            #expect(live.node("")?.path == .empty)
            #expect(live.node("b") == nil)
            #expect(live.table.child(of: live.node("a"), RawName("b")) === live.node("a/b"))
            #expect(
                live.table.directories(of: live.origin) == WatchTable.DirectoryCount(all: 3, unwatched: 0))
            #expect(live.table.watchCount.present == 3)
            #expect(live.watchesOfTheKernel() == 3)
        }

        @Test func directoryThatTakesTheNameOfAnotherIsNew() throws {
            let live = try LiveTable()
            live.tree.makeDirectory("a/b")
            live.enterRoot()
            live.enter("a")
            let old = live.enter("a/b").node
            #expect(rename(live.tree.child("a"), live.tree.child("c")) == 0)
            live.tree.makeDirectory("a/b")
            let parent = live.node("a")!
            #expect(live.enter("a").isNew)
            #expect(live.node("a/b") == nil)
            #expect(old!.isGone && parent.isGone)
            #expect(live.table.mark(of: old!) == nil)
            let below = live.table.enter(
                live.open("a/b").descriptor, RawName("b"), below: parent, isSearchable: true)
            #expect(below.node == nil)
            // The one that was moved is watched no longer.
            #expect(live.watchesOfTheKernel() == 2)
        }

        @Test func directoryThatTakesThePlaceOfTheOneItWasInIsWatched() throws {
            let live = try LiveTable()
            live.tree.makeDirectory("a/b")
            live.enterRoot()
            live.enter("a")
            live.enter("a/b")
            #expect(rename(live.tree.child("a/b"), live.tree.child("b")) == 0)
            live.tree.remove("a")
            #expect(rename(live.tree.child("b"), live.tree.child("a")) == 0)
            live.readEvents()
            _ = live.notes()
            #expect(live.enter("a").isNew)
            live.readEvents()
            live.tree.write("a/file", "")
            live.readEvents()
            #expect(live.notes()["a"] == ["file": .written])
            #expect(live.table.isWatched(live.node("a")!))
        }

        @Test func directoryThatBecomesSearchableIsWalkedAgain() throws {
            let live = try LiveTable()
            live.tree.makeDirectory("a")
            live.enterRoot()
            #expect(live.enter("a", isSearchable: false).isNew)
            #expect(live.enter("a", isSearchable: false).isKnown)
            let node = live.node("a")
            #expect(live.enter("a", isSearchable: true).isNew)
            #expect(live.node("a") === node)
            #expect(live.enter("a", isSearchable: true).isKnown)
        }

        @Test func watchIsKeptUntilTheLastOfTwoOriginsLeaves() throws {
            let live = try LiveTable()
            live.tree.makeDirectory("a/b")
            live.enterRoot()
            live.enter("a")
            live.enter("a/b")
            let other = OriginID(2)
            let root = live.enterRoot("a", of: other).node!
            #expect(root !== live.node("a") && root.watch == live.node("a")!.watch)
            #expect(live.watchesOfTheKernel() == 3)
            live.tree.write("a/file", "")
            live.readEvents()
            let notes = live.table.takeFindings().notes
            #expect(Set(notes.map(\.origin)) == [live.origin, other])
            #expect(Set(notes.map(\.path)) == [RawName("a"), .empty])
            live.table.retireAll(of: live.origin)
            #expect(live.watchesOfTheKernel() == 1)
            #expect(live.node("") == nil && live.table.directories(of: live.origin).all == 0)
            live.tree.remove("a/file")
            live.readEvents()
            #expect(live.table.takeFindings().notes.map(\.origin) == [other])
            live.table.retireRoot(of: other)
            #expect(live.watchesOfTheKernel() == 0)
            #expect(live.table.directories(of: other).all == 0)
        }

        @Test func sweepRetiresWhatNobodyHasEnteredSince() throws {
            let live = try LiveTable()
            for name in ["a/x", "b/y", "c"] { live.tree.makeDirectory(name) }
            _ = live.table.beginWalk()
            live.enterRoot()
            for name in ["a", "a/x", "b", "b/y", "c"] { live.enter(name) }
            let older = live.table.beginWalk()
            let younger = live.table.beginWalk()
            // Whoever enters does it for all walks that have begun.
            live.enterRoot()
            live.enter("a")
            live.table.sweep(live.origin, RawName("b"), before: younger)
            #expect(live.node("b") == nil && live.node("c") != nil)
            live.table.sweep(live.origin, .empty, before: older)
            #expect(live.node("a") != nil && live.node("a/x") == nil && live.node("c") == nil)
            #expect(live.watchesOfTheKernel() == 2)
            live.table.sweep(live.origin, RawName("nowhere"), before: .max)
            live.table.sweep(live.origin, .empty, before: younger)
            #expect(live.node("a") != nil)
        }

        @Test func markMovesWithEventsAndLosses() throws {
            let live = try LiveTable()
            live.tree.makeDirectory("a")
            live.enterRoot()
            let node = live.enter("a").node!
            let mark = live.table.mark(of: node)
            #expect(live.table.mark(of: node) == mark)
            live.tree.write("other", "")
            live.readEvents()
            #expect(live.table.mark(of: node) == mark)
            live.tree.write("a/file", "")
            live.readEvents()
            let next = live.table.mark(of: node)
            #expect(next != mark)
            live.table.take(InotifyEvent(watch: -1, mask: .overflow, name: nil), now: 0)
            #expect(live.table.mark(of: node) != next)
        }

        @Test func withoutAnInstanceDirectoriesAreKnownAndUnwatched() throws {
            let live = try LiveTable()
            let table = WatchTable(nil)
            let root = table.enter(live.open().descriptor, rootOf: live.origin)
            #expect(root.isNew)
            #expect(!table.isWatched(root.node!))
            let isWatching = table.isWatching(root.node!, live.open().descriptor)
            #expect(!isWatching)
            let again = table.enter(live.open().descriptor, rootOf: live.origin)
            #expect(again.isNew)
            #expect(table.directories(of: live.origin) == WatchTable.DirectoryCount(all: 1, unwatched: 1))
            #expect(table.watchCount.present == 0 && table.watchCount.needed == 1)
            table.follow(live.tree.path, .dropIns, content: true)
            table.retireAll(of: live.origin)
        }

        @Test func directoryThatCannotBeWatchedIsCountedAndNew() throws {
            let live = try LiveTable()
            live.tree.makeDirectory("a")
            live.enterRoot()
            let faults = FaultPlan([.inotify_add_watch: [.noSpace, .noSpace]])
            let first = FaultPlan.$current.withValue(faults) { live.enter("a") }
            #expect(first.isNew && !live.table.isWatched(first.node!))
            #expect(live.table.lastFailure == .noSpace)
            #expect(
                live.table.directories(of: live.origin) == WatchTable.DirectoryCount(all: 2, unwatched: 1))
            #expect(live.table.watchCount.needed == 2)
            #expect(live.enter("a").isNew)
            #expect(live.enter("a").isKnown)
            #expect(
                live.table.directories(of: live.origin) == WatchTable.DirectoryCount(all: 2, unwatched: 0))
        }
    }
}
