import Glibc
import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimPublish

@Suite struct LoadingTests {
    @Test func itemsAreTheSameAfterARestart() throws {
        let fixture = try Fixture()
        for number in 0..<5 {
            try fixture.publish(
                "content \(number)", as: "file-\(number)",
                lifetime: Lifetime(maxAge: 1000 + UInt32(number), shareLimit: 7))
        }
        let after = try fixture.restarted()
        #expect(try after.isConsistent())
        let before = fixture.store.items.sorted { $0.digest < $1.digest }
        var now = after.store.items.sorted { $0.digest < $1.digest }
        // The birth of the file, which is when publishing began.
        for index in now.indices {
            #expect(abs(now[index].created - before[index].created) <= 2)
            now[index].created = before[index].created
        }
        #expect(now == before)
        #expect(after.events.isEmpty && after.log.warnings.isEmpty)
    }

    @Test func directoryOfTheStockDaemonIsTakenOverAsItIs() throws {
        let fixture = try Fixture()
        try fixture.place("abc-HELLO.md", "hello")
        try fixture.place("\(digest("other"))-x-y.bin", "other")
        try fixture.setNumber("user.max_age", of: "abc-HELLO.md", 3600)
        try fixture.setNumber("user.share_limit", of: "abc-HELLO.md", .max)
        let path = "var/data/abc-HELLO.md"
        try fixture.tree.setAttribute("user.cmdline", of: path, "fwupd\0")
        fixture.store.load()
        #expect(fixture.names == [RawName("\(digest("other"))-x-y.bin"), RawName("abc-HELLO.md")].sorted())
        let item = try #require(fixture.store.item(digest("hello")))
        #expect(item.filename == RawName("HELLO.md") && item.cmdline == "fwupd" && item.size == 5)
        #expect(item.lifetime == Lifetime(maxAge: 3600, shareLimit: .max))
        #expect(fixture.index.path(of: try fixture.entry("hello")) == RawName("abc-HELLO.md"))
        let other = try #require(fixture.store.item(digest("other")))
        #expect(other.filename == RawName("x-y.bin") && other.cmdline.isEmpty)
        #expect(other.lifetime == Lifetime(maxAge: 86400, shareLimit: 5))
        #expect(abs(other.created - wallClock().seconds) < 3600)
        #expect(try fixture.isConsistent() && fixture.log.warnings.isEmpty)
        try fixture.store.unpublish(digest("hello").hex)
        #expect(fixture.names.count == 1)
    }

    @Test func whatIsNoItemStaysAndCostsALineEach() throws {
        let fixture = try Fixture()
        try fixture.place("README", "no dash")
        try fixture.place("abc-", "nothing behind the dash")
        try fixture.place("ok-file", "a")
        try fixture.tree.makeDirectory("var/data/dir-ectory")
        try fixture.tree.symlink("var/data/sym-link", to: "ok-file")
        try fixture.tree.fifo("var/data/fi-fo")
        try fixture.tree.socket("var/data/soc-ket")
        fixture.store.load()
        #expect(fixture.names.count == 7)
        #expect(fixture.store.items.map(\.filename) == [RawName("file")])
        let warnings = fixture.log.warnings
        #expect(warnings.count == 6, "\(warnings)")
        for name in ["README", "abc-", "dir-ectory", "sym-link", "fi-fo", "soc-ket"] {
            #expect(warnings.count { $0.contains("data/\(name) is not shared: ") } == 1, "\(warnings)")
        }
    }

    @Test func namesOfAnyBytesAreItems() throws {
        let fixture = try Fixture()
        let name = RawName(bytes: Array("x-".utf8) + [0xFF, 0x0A, 0x5C, 0xE2, 0x82])
        try fixture.tree.write(RawName("var/data").appending(name), "a")
        fixture.store.load()
        #expect(fixture.store.items.map(\.filename) == [RawName(bytes: Array(name.bytes.dropFirst(2)))])
    }

    @Test(arguments: [SystemError.Code.inputOutput, .accessDenied, .tooManyFiles])
    func oneThatCannotBeReadDoesNotStopTheOthersNorLoseItsCount(_ code: SystemError.Code) throws {
        let fixture = try Fixture()
        for text in ["a", "b", "c"] { try fixture.publish(text, shareCount: 2) }
        fixture.store.stop()
        let next = try Fixture(tree: fixture.tree, clock: fixture.clock)
        FaultPlan.$current.withValue(FaultPlan([.openat: [nil, code]])) { next.store.load() }
        #expect(next.store.items.count == 2 && next.names.count == 3)
        #expect(next.log.warnings.count == 1, "\(next.log.warnings)")
        next.store.stop()
        let after = try fixture.restarted()
        #expect(after.store.items.map(\.shareCount) == [2, 2, 2])
    }

    @Test func directoryThatCannotBeReadIsSaidAndNothingElse() throws {
        let fixture = try Fixture()
        try fixture.publish("a")
        let next = try Fixture(tree: fixture.tree)
        FaultPlan.$current.withValue(FaultPlan([.getdents64: [.inputOutput]])) { next.store.load() }
        #expect(next.store.items.isEmpty && next.log.warnings.count == 1)
        let missing = try Fixture()
        missing.store.load()
        #expect(missing.log.warnings.isEmpty)
    }

    @Test func leftoversOfAnotherProcessAreRemovedAndNothingThatOnlyLooksLikeThem() throws {
        let fixture = try Fixture()
        try fixture.place(".passim.0123456789abcdef", "half of someth")
        try fixture.place(".passim.0123456789abcdeg", "somebody else's")
        try fixture.place(".passim.0123", "somebody else's")
        try fixture.place("0-a", "a")
        fixture.store.load()
        let expected = [".passim.0123", ".passim.0123456789abcdeg", "0-a"]
        #expect(fixture.names == expected.map { RawName($0) })
        #expect(fixture.log.warnings.count == 2)
    }

    @Test func attributesThatAreMalformedHaveTheirDefaultsAndALineEach() throws {
        let fixture = try Fixture()
        try fixture.place("x-a", "a")
        try fixture.tree.setAttribute("user.max_age", of: "var/data/x-a", "123")
        try fixture.tree.setAttribute(
            "user.share_limit", of: "var/data/x-a", String(repeating: "1", count: 300))
        try fixture.tree.setAttribute("user.boot_time", of: "var/data/x-a", Fixture.bootTime + "0")
        fixture.store.load()
        let item = try #require(fixture.store.items.first)
        #expect(item.lifetime == Lifetime() && item.flags.isEmpty)
        #expect(fixture.log.warnings.count == 2, "\(fixture.log.warnings)")
    }

    @Test func attributesThatCannotBeReadAreNoReasonNotToShare() throws {
        let fixture = try Fixture()
        try fixture.place("x-a", "a")
        let faults = FaultPlan([.fgetxattr: Array(repeating: .inputOutput, count: 4)])
        FaultPlan.$current.withValue(faults) { fixture.store.load() }
        #expect(fixture.store.items.map(\.lifetime) == [Lifetime()])
    }

    @Test func withoutABirthTimeTheAgeCountsFromTheLastChange() throws {
        let fixture = try Fixture()
        try fixture.place("x-a", "a")
        let modified = Timestamp(seconds: wallClock().seconds - 1000, nanoseconds: 5)
        try fixture.tree.setModified("var/data/x-a", modified)
        // What file systems without one say.
        let file = try Descriptor.open(fixture.tree.absolute("var/data/x-a"), .readOnly)
        let born = try file.birthTime()
        fixture.store.load()
        #expect(fixture.store.items.map(\.created) == [(born ?? modified).seconds])
    }

    @Test func secondFileOfOneContentIsNotListedAndGoesWithTheFirst() throws {
        let fixture = try Fixture()
        try fixture.place("a-file", "a")
        try fixture.place("b-file", "a")
        fixture.store.load()
        #expect(fixture.store.items.count == 1 && fixture.index.count == 1)
        #expect(fixture.log.warnings.count == 1)
        try fixture.store.unpublish(digest("a").hex)
        #expect(fixture.names.isEmpty)
    }

    @Test func whatExpiredMeanwhileIsDeleted() throws {
        let fixture = try Fixture()
        try fixture.publish("short", as: "short", lifetime: Lifetime(maxAge: 60, shareLimit: 0))
        try fixture.publish("long", as: "long", lifetime: Lifetime(maxAge: 6000, shareLimit: 0))
        fixture.clock.advance(seconds: 100)
        let after = try fixture.restarted()
        #expect(after.store.items.map(\.filename) == [RawName("long")] && after.names.count == 1)
        #expect(after.events == [.deleted(digest("short"), filename: RawName("short"))])
    }
}
