import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

/// Stamps of another file, of an older version and of another time.
@Suite struct StampTrustTests {
    static let checksum: StaticString = "user.checksum.sha256"
    static let stamp: StaticString = "user.checksum.sha256.stamp"

    // MARK: - Copied attributes

    /// What `rsync -aX` does to a file of fixed time and size while the daemon is stopped, or `--size-only`.
    @Test func attributesThatWereCopiedFromAnotherFileAreNotBelieved() {
        let first = Fixture()
        first.tree.write("a", "before")
        first.scan()
        first.mirror.stop()
        first.tree.write("copy", "after!")
        first.tree.setModified("copy", first.tree.identity("a").modified)
        for name in [StampTrustTests.checksum, StampTrustTests.stamp] {
            first.tree.setAttribute("copy", name, first.tree.attribute("a", name)!)
        }
        let second = Fixture(tree: first.tree)
        second.scan()
        #expect(second.entry("copy")?.digest == digest("after!"))
        #expect(second.entry("a")?.digest == digest("before"))
        #expect(second.counters.trustedAttributes == 1)
    }

    @Test func stampOfAnotherFileSystemIsNotBelieved() {
        let fixture = Fixture()
        fixture.tree.write("a", "content")
        let identity = fixture.tree.identity("a")
        let other = Volume(id: nil, type: "ext4", device: identity.device, stampName: "0123456789abcdef")
        fixture.tree.setAttribute("a", StampTrustTests.checksum, digest("lie").hex)
        fixture.tree.setAttribute(
            "a", StampTrustTests.stamp, String(decoding: Stamp(identity, on: other).bytes, as: UTF8.self))
        fixture.scan()
        #expect(fixture.entry("a")?.digest == digest("content"))
    }

    // MARK: - Stamps of version 0.2

    private func stampAsBefore(_ tree: MirrorTree, _ name: String, _ content: String) {
        tree.setAttribute(name, StampTrustTests.checksum, digest(content).hex)
        tree.setAttribute(name, StampTrustTests.stamp, tree.oldStamp(name))
    }

    @Test func oldStampIsBelievedAtOnceAndReplacedInTheBackground() {
        let fixture = Fixture(old: true)
        fixture.tree.write("a", "content")
        stampAsBefore(fixture.tree, "a", "content")
        fixture.origins = fixture.mirror.replaceDropIns([fixture.dropIn()])
        let worker = Worker(fixture.mirror)
        while fixture.counters.trustedAttributes == 0, worker.turn() {}
        #expect(fixture.entry("a")?.digest == digest("content"))
        #expect(fixture.counters.filesHashed == 0)
        fixture.drain()
        #expect(fixture.counters.filesHashed == 1)
        #expect(fixture.tree.attribute("a", StampTrustTests.stamp) == fixture.tree.stamp("a"))
        #expect(fixture.entry("a")?.identity == fixture.tree.identity("a"))
        let next = Fixture(tree: fixture.tree)
        next.scan()
        #expect(next.counters.filesHashed == 0)
        #expect(next.counters.trustedAttributes == 1)
    }

    @Test func oldStampThatLiesIsFoundOutInTheBackground() {
        let fixture = Fixture(old: true)
        fixture.tree.write("a", "content")
        stampAsBefore(fixture.tree, "a", "another")
        fixture.scan()
        #expect(fixture.entry("a")?.digest == digest("content"))
    }

    @Test func oldStampIsNotBelievedOfAFileThatChangedAfterTheFirstStart() {
        let first = Fixture(old: true)
        first.clock.set(ahead: 100)
        first.tree.write("a", "content")
        // A later start over the same state.
        #expect(readable(first.state.child("first-start")))
        let late = Fixture()
        late.clock.set(ahead: 1000)
        let tree = MirrorTree()
        tree.write("a", "content")
        stampAsBefore(tree, "a", "another")
        // Before the file was made.
        let past = MirrorTree()
        past.write("first-start", "1000000000.000000000\n")
        let cache = ChecksumCache(
            place: .attributes, store: nil,
            epoch: ChecksumEpoch(directory: past.path, clock: late.clock.clock))
        let file = open(tree, "a")
        #expect(
            cache.trustedAttributes(
                of: file, tree.identity("a"), on: tree.volume, isFirstScan: true) == nil)
        let believing = ChecksumCache(
            place: .attributes, store: nil,
            epoch: ChecksumEpoch(directory: MirrorTree().path, clock: late.clock.clock))
        #expect(
            believing.trustedAttributes(of: file, tree.identity("a"), on: tree.volume, isFirstScan: true)
                == ChecksumCache.TrustedAttributes(digest: digest("another"), isOldStamp: true))
    }

    @Test func oldStampThatCannotBeReplacedIsHashedOnce() {
        let first = Fixture(store: true, old: true)
        first.tree.write("a", "content")
        stampAsBefore(first.tree, "a", "content")
        let faults = FaultPlan([
            .fremovexattr: Array(repeating: .accessDenied, count: 9),
            .fsetxattr: Array(repeating: .accessDenied, count: 9),
        ])
        FaultPlan.$current.withValue(faults) { first.scan() }
        #expect(first.counters.filesHashed == 1)
        first.mirror.stop()
        let second = Fixture(after: first, old: true)
        second.scan()
        #expect(second.counters.filesHashed == 0)
        #expect(second.entry("a")?.digest == digest("content"))
    }

    @Test func firstStartIsNotedOnce() throws {
        let state = MirrorTree()
        let clock = TestClock()
        let first = ChecksumEpoch(directory: state.path, clock: clock.clock)
        let text = try readFile(state.child("first-start"), limit: 100)
        clock.advance(seconds: 1000)
        let second = ChecksumEpoch(directory: state.path, clock: clock.clock)
        #expect(second.oldStampsUntil == first.oldStampsUntil && first.oldStampsUntil != nil)
        #expect(try readFile(state.child("first-start"), limit: 100) == text)
    }

    @Test(arguments: [
        "", "x", "1.2\n", "1.000000000", "-.000000000\n", "1.+00000000\n", "99999999999999999999.000000000\n",
    ])
    func firstStartThatMakesNoSenseMeansThatNoOldStampIsBelieved(_ text: String) {
        let state = MirrorTree()
        state.write("first-start", text)
        #expect(ChecksumEpoch(directory: state.path).oldStampsUntil == nil)
    }

    @Test func firstStartThatCannotBeNotedMeansThatNoOldStampIsBelieved() {
        let faults = FaultPlan([.write: [.noSpace]])
        FaultPlan.$current.withValue(faults) {
            #expect(ChecksumEpoch(directory: MirrorTree().path).oldStampsUntil == nil)
        }
    }

    // MARK: - ctime

    private let disk = Volume(id: nil, type: "ext4", device: 1)
    private let server = Volume(id: nil, type: "nfs4", device: 1)

    private func time(_ clock: TestClock, _ ahead: Double) -> Timestamp {
        let time = clock.clock.now().clampedNanoseconds + Int64(ahead * 1e9)
        return Timestamp(seconds: time / 1_000_000_000, nanoseconds: UInt32(time % 1_000_000_000) | 1)
    }

    @Test func onlyWhatIsOlderThanTheDaemonIsBelieved() {
        let clock = TestClock()
        let epoch = ChecksumEpoch(directory: nil, clock: clock.clock)
        let (before, within, after) = (time(clock, -1), time(clock, -0.01), time(clock, 5))
        clock.advance(seconds: 3600)
        for isFirst in [true, false] {
            #expect(epoch.believes(before, on: disk, isFirstScan: isFirst))
            #expect(!epoch.believes(within, on: disk, isFirstScan: isFirst))
            #expect(!epoch.believes(after, on: disk, isFirstScan: isFirst))
            // Another clock set it.
            #expect(epoch.believes(time(clock, 10), on: disk, isFirstScan: isFirst) == isFirst)
            #expect(epoch.believes(after, on: server, isFirstScan: isFirst) == isFirst)
        }
        // A file system that counts by two seconds.
        var coarse = before
        coarse.nanoseconds = 0
        #expect(!epoch.believes(coarse, on: disk, isFirstScan: true))
        for extreme in [Timestamp(seconds: .min, nanoseconds: 1), Timestamp(seconds: .max, nanoseconds: 1)] {
            _ = epoch.believes(extreme, on: disk, isFirstScan: true)
        }
    }

    @Test func clockThatIsSetBackHidesNoChange() {
        let clock = TestClock()
        let epoch = ChecksumEpoch(directory: nil, clock: clock.clock)
        let (old, recent) = (time(clock, -7200), time(clock, -60))
        #expect(epoch.believes(recent, on: disk, isFirstScan: false))
        clock.set(ahead: 10 - 3600)
        // It may have been changed since the start, an hour ago by the clock before.
        #expect(!epoch.believes(recent, on: disk, isFirstScan: false))
        #expect(epoch.believes(old, on: disk, isFirstScan: false))
        clock.set(ahead: 10)
        #expect(!epoch.believes(recent, on: disk, isFirstScan: false))
    }

    @Test func directoryThatTakesTheRootsPlaceIsNotBelievedWhereItsFilesAreNew() {
        let fixture = Fixture()
        fixture.clock.set(ahead: 0)
        fixture.tree.makeDirectory("root")
        fixture.tree.makeDirectory("other")
        let epoch = ChecksumEpoch(directory: nil, clock: .system)
        fixture.tree.write("other/a", "content")
        while fixture.tree.identity("other/a").changed.clampedNanoseconds < epoch.start {
            fixture.tree.write("other/a", "content")
        }
        let cache = ChecksumCache(place: .attributes, store: nil, epoch: epoch)
        fixture.tree.setAttribute("other/a", StampTrustTests.checksum, digest("lie").hex)
        fixture.tree.setAttribute("other/a", StampTrustTests.stamp, fixture.tree.stamp("other/a"))
        let file = open(fixture.tree, "other/a")
        #expect(
            cache.trustedAttributes(
                of: file, fixture.tree.identity("other/a"), on: fixture.tree.volume, isFirstScan: true) == nil
        )
    }

    // MARK: - Rows in memory

    @Test func whatWasParkedIsKnownWhenItComesBack() {
        let clock = TestClock()
        let cache = ChecksumCache(
            place: .attributes, store: nil, epoch: ChecksumEpoch(directory: nil, clock: clock.clock))
        let (old, new) = (time(clock, -100), time(clock, 100))
        func identity(_ inode: UInt64, _ changed: Timestamp, device: UInt64 = 1) -> FileIdentity {
            FileIdentity(device: device, inode: inode, size: 1, modified: old, changed: changed)
        }
        let volume = Volume(id: VolumeID("ext:1"), type: "ext4", device: 1)
        cache.park([(identity(1, new), digest("1")), (identity(2, old), digest("2"))], on: volume)
        // Another mount of it.
        let again = Volume(id: VolumeID("ext:1"), type: "ext4", device: 9)
        // Of the second the attributes tell.
        #expect(
            cache.trustedRows([identity(1, new, device: 9), identity(2, old, device: 9)], on: again)
                == [digest("1"), nil])
        #expect(cache.trustedRows([identity(1, old)], on: volume) == [nil])
        #expect(cache.trustedRows([identity(1, new)], on: Volume(id: nil, type: "vfat", device: 1)) == [nil])
    }

    @Test func rowsInMemoryAreBounded() {
        let rows = MemoryRows(limit: 100)
        let time = Timestamp(seconds: 1, nanoseconds: 1)
        for number in 0..<10_000 as Range<UInt64> {
            let identity = FileIdentity(device: 1, inode: number, size: 1, modified: time, changed: time)
            rows.add([(identity, digest("x"))], on: disk)
            #expect(rows.find(identity, on: disk) == digest("x"))
        }
        let kept = (0..<10_000 as Range<UInt64>).count { number in
            rows.find(
                FileIdentity(device: 1, inode: number, size: 1, modified: time, changed: time), on: disk)
                != nil
        }
        #expect(50...100 ~= kept)
    }

    // MARK: - Overlayfs

    @Test func whereAttributesCopyDataTheStoreIsUsed() throws {
        let state = MirrorTree()
        let log = RecordedLog()
        let tree = MirrorTree()
        tree.write("a", "content")
        let store = ChecksumStore(directory: state.path, logger: log.logger)
        let cache = ChecksumCache(
            place: .attributes, store: store, epoch: ChecksumEpoch(directory: nil))
        let identity = tree.identity("a")
        let overlay = Volume(
            id: VolumeID("overlay:1"), type: "overlay", device: identity.device, copiesOnMetadataChange: true)
        let kept = try cache.keep(digest("content"), of: open(tree, "a"), hashed: identity, on: overlay)
        guard case .kept(identity, attributesWritten: false, refusal: nil) = kept else {
            Issue.record("\(kept)")
            return
        }
        #expect(tree.attribute("a", StampTrustTests.checksum) == nil)
        #expect(cache.trustedRows([identity], on: overlay) == [digest("content")])
    }

    private func open(_ tree: MirrorTree, _ name: String) -> Descriptor {
        try! Descriptor.open(tree.child(name), .readOnly)
    }

    private func readable(_ path: String) -> Bool { access(path, R_OK) == 0 }
}
