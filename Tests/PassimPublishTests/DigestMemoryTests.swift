import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimPublish

@Suite struct DigestMemoryTests {
    private func remembering(_ fixture: Fixture) throws -> Fixture { try fixture.restarted(remembers: true) }

    private func said(_ fixture: Fixture) -> String {
        fixture.log.lines.map(\.text).filter { $0.contains("published items") }.joined()
    }

    @Test func itemsAreReadOnceAndNotAtEachStart() throws {
        let first = try Fixture(remembers: true)
        try first.publish("one", as: "one")
        try first.publish("two", as: "two")
        first.store.stop()
        let second = try remembering(first)
        #expect(said(second).contains("2 published items, 0 of them read"), "\(second.log.lines)")
        #expect(try second.isConsistent() && second.index.count == 2)
        // One that is not ours, and old enough that nobody writes it any more.
        try second.place("x-three", "three")
        second.clock.setTimeOfDay(by: 10)
        second.store.stop()
        let third = try remembering(second)
        #expect(said(third).contains("3 published items, 1 of them read"), "\(third.log.lines)")
        third.store.stop()
        #expect(said(try remembering(third)).contains("3 published items, 0 of them read"))
    }

    @Test func whatWasChangedIsRead() throws {
        let first = try Fixture(remembers: true)
        try first.publish("before", as: "file")
        first.store.stop()
        let path = "var/data/\(first.names[0])"
        let modified = try first.tree.status(path).modified
        // As long as it was, and its time put back: only ctime tells.
        try first.tree.write(path, "after!")
        try first.tree.setModified(path, modified)
        let second = try remembering(first)
        #expect(second.index.find(digest("before")) == nil && second.index.find(digest("after!")) != nil)
        #expect(try second.isConsistent())
    }

    /// It may be written to within the tick of its time.
    @Test func fileOfOthersThatIsYoungIsNotRemembered() throws {
        let first = try Fixture(remembers: true)
        try first.place("x-young", "young")
        first.store.load()
        first.store.stop()
        #expect(said(try remembering(first)).contains("1 published items, 1 of them read"))
    }

    @Test func memoryThatOthersCouldHaveWrittenIsNotBelieved() throws {
        let first = try Fixture(remembers: true)
        try first.publish("a", as: "file")
        first.store.stop()
        try first.tree.changeMode("var/item-digests", 0o622)
        let second = try remembering(first)
        #expect(said(second).contains("1 of them read"))
        #expect(second.log.warnings.contains { $0.contains("somebody else could have written it") })
        second.store.stop()
        #expect(try first.tree.status("var/item-digests").mode == 0o600, "written anew")
        try first.tree.remove("var/item-digests")
        try first.tree.symlink("var/item-digests", to: first.tree.absolute("var/share-counts"))
        #expect(said(try remembering(first)).contains("1 of them read"))
    }

    @Test func tornAndMalformedLinesArePassedOver() throws {
        var numbers = SeededGenerator()
        var digests: [FileIdentity: Digest] = [:]
        for _ in 0..<20 {
            func time() -> Timestamp {
                Timestamp(
                    seconds: Int64.random(in: .min ... .max, using: &numbers),
                    nanoseconds: UInt32.random(in: 0..<1_000_000_000, using: &numbers))
            }
            let identity = FileIdentity(
                device: UInt64.random(in: 0...UInt64.max, using: &numbers),
                inode: UInt64.random(in: 0...UInt64.max, using: &numbers),
                size: UInt64.random(in: 0...UInt64.max, using: &numbers), modified: time(), changed: time())
            digests[identity] = Digest(bytes: numbers.bytes(32))!
        }
        let text = DigestMemory.text(digests)
        #expect(DigestMemory.parse(text) == digests, "\(numbers)")
        for length in stride(from: 0, to: text.count, by: 7) {
            let whole = text[..<length].count { $0 == 0x0A }
            #expect(DigestMemory.parse(Array(text[..<length])).count == whole)
        }
        let hash = String(repeating: "a", count: 64)
        for line in [
            "", "\(hash)", "\(hash) 1 2 3 4 5 6", "\(hash) 1 2 3 4 1000000000 6 7", "\(hash) -1 2 3 4 5 6 7",
        ] {
            #expect(DigestMemory.parse(Array((line + "\n").utf8)).isEmpty, "\(line)")
        }
        #expect(DigestMemory.parse(Array("\(hash) 1 2 3 4 5 6 7\n".utf8)).count == 1)
    }

    /// A stop in the midst of reading loses no count of what was not reached.
    @Test func countsOfWhatWasNotReadYetAreKept() throws {
        let first = try Fixture(remembers: true)
        for text in ["a", "b", "c"] { try first.publish(text, as: text, shareCount: 2) }
        first.store.stop()
        let second = try Fixture(tree: first.tree, clock: first.clock)
        second.store.stop()
        second.store.load()
        #expect(second.store.items.isEmpty)
        second.store.stop()
        #expect(try first.restarted().store.items.map(\.shareCount) == [2, 2, 2])
    }
}
