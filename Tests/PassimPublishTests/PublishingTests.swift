import Glibc
import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimPublish

@Suite struct PublishingTests {
    @Test func itemIsAFileNamedAfterItsDigestAndIsInTheIndex() throws {
        let fixture = try Fixture()
        let before = wallClock().seconds
        let item = try fixture.publish(
            "hello", as: "HELLO-2.md", lifetime: Lifetime(maxAge: 60, shareLimit: 3))
        #expect(item.digest == digest("hello") && item.size == 5 && item.cmdline == "tests")
        #expect(
            item.filename == RawName("HELLO-2.md") && item.lifetime == Lifetime(maxAge: 60, shareLimit: 3))
        #expect(before...wallClock().seconds ~= item.created)
        let name = "\(digest("hello"))-HELLO-2.md"
        #expect(fixture.names == [RawName(name)])
        let facts = try fixture.tree.status("var/data/\(name)")
        #expect(facts.mode == 0o600)
        let entry = try fixture.entry("hello")
        #expect(entry.identity.changed == facts.changed && entry.identity.inode == facts.inode)
        #expect(entry.origin == .published && entry.flags.isEmpty)
        #expect(fixture.index.path(of: entry) == RawName(name))
        #expect(fixture.events == [.published(item)])
        #expect(fixture.store.items == [item] && fixture.store.item(entry) == item)
        #expect(try fixture.isConsistent())
    }

    @Test func attributesAreThoseThatTheStockDaemonWrites() throws {
        let fixture = try Fixture()
        try fixture.publish("a", lifetime: Lifetime(maxAge: 7, shareLimit: 9))
        let file = try Descriptor.open(fixture.tree.absolute("var/data/\(fixture.names[0])"), .readOnly)
        #expect(try file.attribute("user.max_age", limit: 64) == withUnsafeBytes(of: UInt32(7)) { Array($0) })
        #expect(
            try file.attribute("user.share_limit", limit: 64) == withUnsafeBytes(of: UInt32(9)) { Array($0) })
        #expect(try file.attribute("user.cmdline", limit: 64) == Array("tests".utf8))
        #expect(try file.attribute("user.boot_time", limit: 64) == nil)
    }

    @Test func endlessIsNeverWrittenAsTheNumberThatStopsTheStockDaemon() throws {
        let fixture = try Fixture()
        let item = try fixture.publish("a", lifetime: .endless)
        #expect(item.lifetime == .endless)
        let after = try #require(try fixture.restarted().store.items.first)
        #expect(after.lifetime == Lifetime(maxAge: .max - 1, shareLimit: .max - 1))
    }

    @Test func nextRebootIsDisabledUntilThen() throws {
        let fixture = try Fixture()
        let item = try fixture.publish("a", flags: .nextReboot)
        #expect(item.flags == [.disabled, .nextReboot])
        #expect(try fixture.entry("a").flags == [.disabled, .nextReboot])
        let name = "var/data/\(fixture.names[0])"
        #expect(try fixture.tree.attribute("user.boot_time", of: name) == Fixture.bootTime)
        #expect(try fixture.restarted().entry("a").flags == [.disabled, .nextReboot])
        #expect(try fixture.restarted(bootTime: "1700009999").entry("a").flags.isEmpty)
        #expect(try fixture.restarted(bootTime: nil).entry("a").flags.isEmpty)
    }

    @Test func nextRebootWithoutABootTimeIsRefused() throws {
        let fixture = try Fixture(bootTime: nil)
        #expect(throws: PublishError.self) { try fixture.publish("a", flags: .nextReboot) }
        #expect(fixture.names.isEmpty && fixture.index.count == 0)
    }

    // MARK: - Where content comes from

    @Test func fileIsReadFromItsOffset() throws {
        let fixture = try Fixture()
        let file = try memoryFile("skipped, wanted")
        file.lend { _ = lseek($0, 9, SEEK_SET) }
        let item = try fixture.store.publish(PublishRequest(filename: RawName("f")), from: file)
        #expect(item.digest == digest("wanted"))
    }

    @Test(arguments: [false, true]) func pipeIsReadToItsEnd(_ isNonBlocking: Bool) throws {
        let fixture = try Fixture()
        let ends = try makePipe()
        let text = String(repeating: "0123456789", count: 60_000)
        if isNonBlocking { _ = fcntl(ends.reader, F_SETFL, O_NONBLOCK) }
        let writer = try SystemThread(name: "writer") {
            let end = Descriptor(owning: ends.writer)
            try? end.writeAll(Array(text.utf8))
        }
        let reader = Descriptor(owning: ends.reader)
        let item = try fixture.store.publish(PublishRequest(filename: RawName("f")), from: reader)
        writer.join()
        #expect(item.digest == digest(text))
        #expect(try fixture.isConsistent())
    }

    @Test func socketIsReadToItsEnd() throws {
        let fixture = try Fixture()
        var ends: [CInt] = [0, 0]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        let numbers = ends
        let text = String(repeating: "0123456789", count: 60_000)
        let writer = try SystemThread(name: "writer") {
            let end = Descriptor(owning: numbers[1])
            try? end.writeAll(Array(text.utf8))
        }
        let reader = Descriptor(owning: numbers[0])
        let item = try fixture.store.publish(PublishRequest(filename: RawName("f")), from: reader)
        writer.join()
        #expect(item.digest == digest(text))
    }

    @Test func nothingAtAllIsContentToo() throws {
        let fixture = try Fixture()
        #expect(try fixture.publish("").digest == digest(""))
        #expect(try fixture.isConsistent())
    }

    @Test func descriptorThatCannotBeReadIsTheCallersFault() throws {
        let fixture = try Fixture()
        let directory = try Descriptor.open(fixture.tree.path, [.readOnly, .directory])
        let forWriting = try Descriptor.open(fixture.tree.absolute("out"), [.writeOnly, .create])
        #expect(outcome(fixture, directory) == "invalid" && outcome(fixture, forWriting) == "invalid")
        #expect(fixture.names.isEmpty)
    }

    private func outcome(_ fixture: Fixture, _ content: borrowing Descriptor) -> String {
        do throws(PublishError) {
            _ = try fixture.store.publish(PublishRequest(filename: RawName("f")), from: content)
            return "published"
        } catch {
            switch error {
            case .invalid: return "invalid"
            case .timedOut: return "timed out"
            case .failed: return "failed"
            default: return "\(error)"
            }
        }
    }

    @Test func publisherWhoStallsIsLeft() throws {
        var limits = PublishLimits()
        limits.idle = 20_000_000
        let fixture = try Fixture(limits: limits)
        let ends = try makePipe()
        let reader = Descriptor(owning: ends.reader)
        let writer = Descriptor(owning: ends.writer)
        try writer.writeAll([1, 2, 3])
        #expect(outcome(fixture, reader) == "timed out")
        #expect(fixture.names.isEmpty && fixture.index.count == 0)
    }

    @Test func publisherWhoDripsIsLeft() throws {
        var limits = PublishLimits()
        limits.whole = 100_000_000
        let fixture = try Fixture(limits: limits)
        let ends = try makePipe()
        let isOver = Lock(false)
        let dripping = try SystemThread(name: "writer") {
            let writer = Descriptor(owning: ends.writer)
            while !isOver.withLock({ $0 }) {
                usleep(5000)
                // Not so fast that the pipe fills.
                try? writer.writeAll([1])
            }
        }
        let reader = Descriptor(owning: ends.reader)
        #expect(outcome(fixture, reader) == "timed out")
        isOver.withLock { $0 = true }
        dripping.join()
        #expect(fixture.names.isEmpty)
    }

    @Test func publisherWhoStallsDoesNotKeepTheStoreFromStopping() throws {
        let fixture = try Fixture()
        let ends = try makePipe()
        let stopping = try SystemThread(name: "stop") { fixture.store.stop() }
        let reader = Descriptor(owning: ends.reader)
        #expect(outcome(fixture, reader) == "failed")
        stopping.join()
        close(ends.writer)
        #expect(fixture.names.isEmpty)
    }

    // MARK: - What is refused

    @Test(arguments: [
        "", "a/b", "/", "line\nbreak", "nul\0", "escape\u{1B}", "delete\u{7F}",
        String(repeating: "n", count: 191), String(repeating: "ü", count: 96),
    ])
    func filenameIsRefused(_ name: String) throws {
        let fixture = try Fixture()
        #expect { try fixture.publish("a", as: name) } throws: {
            if case .invalid? = $0 as? PublishError { true } else { false }
        }
        #expect(fixture.names.isEmpty)
    }

    @Test(arguments: [" ", ".", "..", "-", "a-b", "ü\u{85}", String(repeating: "n", count: 190)])
    func filenameIsTaken(_ name: String) throws {
        let fixture = try Fixture()
        #expect(try fixture.publish("a", as: name).filename == RawName(name))
        #expect(try fixture.restarted().store.items.map(\.filename) == [RawName(name)])
    }

    @Test func shareCountThatHasReachedTheLimitIsRefused() throws {
        let fixture = try Fixture()
        let lifetime = Lifetime(maxAge: 60, shareLimit: 3)
        #expect(throws: PublishError.self) { try fixture.publish("a", lifetime: lifetime, shareCount: 3) }
        #expect(try fixture.publish("a", lifetime: lifetime, shareCount: 2).shareCount == 2)
        let endless = Lifetime(maxAge: 60, shareLimit: 0)
        #expect(try fixture.publish("b", lifetime: endless, shareCount: 3).shareCount == 3)
    }

    @Test func oneByteTooManyIsTooLarge() throws {
        let fixture = try Fixture(maxItemSize: 5)
        #expect(throws: PublishError.tooLarge(limit: 5)) { try fixture.publish("123456") }
        #expect(fixture.names.isEmpty && fixture.index.count == 0)
        try fixture.publish("12345")
        fixture.store.maxItemSize = 6
        try fixture.publish("123456")
        fixture.store.maxItemSize = 0
        #expect(throws: PublishError.tooLarge(limit: 0)) { try fixture.publish("") }
        fixture.store.maxItemSize = .max
        try fixture.publish("1234567")
        #expect(fixture.index.count == 3)
    }

    @Test func endlessContentIsTooLargeAndNeverMoreThanTheLimitIsWritten() throws {
        let fixture = try Fixture(maxItemSize: 3_000_000)
        let zeros = try Descriptor.open("/dev/zero", .readOnly)
        #expect(throws: PublishError.tooLarge(limit: 3_000_000)) {
            _ = try fixture.store.publish(PublishRequest(filename: RawName("f")), from: zeros)
        }
        #expect(fixture.names.isEmpty)
    }

    @Test func contentThatIsSharedAlreadyExists() throws {
        let fixture = try Fixture()
        try fixture.publish("a", as: "one")
        #expect(throws: PublishError.exists(digest("a"))) { try fixture.publish("a", as: "two") }
        let directory = fixture.index.directory(origin: OriginID(1), path: .empty)
        let identity = try fixture.entry("a").identity
        fixture.index.apply([
            .insert(
                directory: directory, name: RawName("static"), digest: digest("b"), identity: identity,
                flags: [])
        ])
        #expect(throws: PublishError.exists(digest("b"))) { try fixture.publish("b") }
        #expect(fixture.names.count == 1)
    }

    @Test func ofManyPublishersOfOneContentOneWins() throws {
        let fixture = try Fixture()
        for round in 0..<20 {
            let text = "content \(round)"
            let results = Lock<[String]>([])
            let threads = try (0..<8).map { number in
                try SystemThread(name: "publish") {
                    do {
                        _ = try fixture.publish(text, as: "name \(number)")
                        results.withLock { $0.append("published") }
                    } catch PublishError.exists {
                        results.withLock { $0.append("exists") }
                    } catch {
                        results.withLock { $0.append("\(error)") }
                    }
                }
            }
            for thread in threads { thread.join() }
            let all = results.withLock { $0 }
            #expect(all.count { $0 == "published" } == 1 && all.count { $0 == "exists" } == 7, "\(all)")
        }
        #expect(fixture.names.count == 20)
        #expect(try fixture.isConsistent())
    }

    @Test func damagedFileIsReplacedByTheContentOfItsName() throws {
        let fixture = try Fixture()
        try fixture.place("\(digest("good"))-file", "bad")
        fixture.store.load()
        #expect(fixture.store.items.map(\.digest) == [digest("bad")])
        let item = try fixture.publish("good")
        #expect(fixture.store.items == [item] && fixture.index.find(digest("bad")) == nil)
        #expect(fixture.events == [.deleted(digest("bad"), filename: RawName("file")), .published(item)])
        #expect(try fixture.isConsistent())
    }

    // MARK: - Withdrawing

    @Test func unpublishedItemIsGone() throws {
        let fixture = try Fixture()
        let item = try fixture.publish("a")
        try fixture.store.unpublish(digest("a").hex.uppercased())
        #expect(fixture.names.isEmpty && fixture.index.count == 0 && fixture.store.items.isEmpty)
        #expect(fixture.events == [.published(item), .deleted(item.digest, filename: item.filename)])
        #expect(throws: PublishError.notFound(digest("a").hex)) {
            try fixture.store.unpublish(digest("a").hex)
        }
        try fixture.publish("a")
    }

    @Test(arguments: ["", "abc", "zz", String(repeating: "g", count: 64), String(repeating: "0", count: 65)])
    func unpublishingWhatIsNoDigestFindsNothing(_ hash: String) throws {
        #expect(throws: PublishError.notFound(hash)) { try Fixture().store.unpublish(hash) }
    }

    @Test func fileOfADirectoryIsNotUnpublished() throws {
        let fixture = try Fixture()
        try fixture.publish("a")
        let entry = try fixture.entry("a")
        let directory = fixture.index.directory(origin: OriginID(1), path: .empty)
        for text in ["a", "b"] {
            fixture.index.apply([
                .insert(
                    directory: directory, name: RawName(text), digest: digest(text),
                    identity: entry.identity, flags: [])
            ])
        }
        #expect(throws: PublishError.isStatic(digest("b"))) {
            try fixture.store.unpublish(digest("b").hex)
        }
        // The published copy goes, the other stays.
        try fixture.store.unpublish(digest("a").hex)
        #expect(fixture.names.isEmpty)
        #expect(try fixture.entry("a").origin == OriginID(1))
        #expect(throws: PublishError.isStatic(digest("a"))) {
            try fixture.store.unpublish(digest("a").hex)
        }
    }
}
