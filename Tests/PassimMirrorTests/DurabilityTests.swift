import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

/// A digest is recorded only for content that is on the disk: which calls are made for that, and when. What comes of
/// it after a power cut is in PowerCutTests.
@Suite struct DurabilityTests {
    private let tree = MirrorTree()
    private let clock = FrozenClock()
    private let volume = Volume(id: VolumeID("ext:1"), type: "ext4", device: 1)
    private static let syncs: Set<SystemCall> = [.fdatasync, .syncfs, .fsync]

    /// Both clocks stand still until they are moved: what took how long must make no difference.
    private final class FrozenClock: Sendable {
        private let state = Lock((wall: Int64(1_800_000_000_000_000_000), monotonic: UInt64(1_000_000_000)))

        func advance(seconds: Int64) {
            state.withLock { state in
                state.wall += seconds * 1_000_000_000
                state.monotonic += UInt64(seconds) * 1_000_000_000
            }
        }

        func set(ahead seconds: Int64) { state.withLock { $0.wall += seconds * 1_000_000_000 } }

        var clock: TimeSource {
            TimeSource(
                now: { [self] in
                    let wall = state.withLock { $0.wall }
                    return Timestamp(
                        seconds: wall / 1_000_000_000, nanoseconds: UInt32(wall % 1_000_000_000))
                },
                monotonic: { [self] in state.withLock { $0.monotonic } })
        }
    }

    init() {
        tree.write("a", "content")
    }

    private func identity(age: Double, size: UInt64 = 7) -> FileIdentity {
        let now = clock.clock.now().clampedNanoseconds - Int64(age * 1e9)
        let time = Timestamp(seconds: now / 1_000_000_000, nanoseconds: UInt32(now % 1_000_000_000) | 1)
        return FileIdentity(device: 1, inode: 1, size: size, modified: time, changed: time)
    }

    /// The calls that settling files of these ages and sizes takes.
    private func calls(
        _ durability: Durability, _ identities: [FileIdentity], on volume: Volume? = nil,
        _ plan: FaultPlan = FaultPlan([:])
    ) throws -> [SystemCall] {
        let file = try Descriptor.open(tree.child("a"), .readOnly)
        try FaultPlan.$current.withValue(plan) {
            for identity in identities {
                _ = try durability.settle(file, identity, on: volume ?? self.volume)
            }
        }
        return plan.calls.filter { DurabilityTests.syncs.contains($0) }
    }

    @Test func coldScanOfOldFilesTakesOneCall() throws {
        let durability = Durability(clock: clock.clock)
        durability.prepare(volume)
        let files = (0..<1000).map { _ in identity(age: 3600) }
        #expect(try calls(durability, files) == [.syncfs])
        // Another scan of what is old by now.
        durability.prepare(volume)
        #expect(try calls(durability, files) == [])
    }

    @Test func newFilesAreWrittenBackOneByOneWhileTheyAreFew() throws {
        let durability = Durability(clock: clock.clock)
        for _ in 0..<20 {
            #expect(try calls(durability, [identity(age: 0.1)]) == [.fdatasync])
            clock.advance(seconds: 2)
        }
    }

    @Test func manyNewFilesAreWrittenBackTogether() throws {
        let durability = Durability(clock: clock.clock)
        let files = (0..<1000).map { _ in identity(age: 0.1) }
        #expect(try calls(durability, files) == Array(repeating: .fdatasync, count: 8) + [.syncfs])
    }

    @Test func fileThatWasChangedWithinATickOfTheCallIsNotCovered() throws {
        let durability = Durability(clock: clock.clock)
        durability.prepare(volume)
        #expect(try calls(durability, [identity(age: 10)]) == [.syncfs])
        #expect(try calls(durability, [identity(age: 0.015)]) == [.fdatasync])
        #expect(try calls(durability, [identity(age: -5)]) == [.fdatasync])
        #expect(try calls(durability, [identity(age: 0.1)]) == [])
        // write(2) of a large one may have been at it still.
        #expect(try calls(durability, [identity(age: 0.1, size: 1 << 30)]) == [.fdatasync])
        #expect(try calls(durability, [identity(age: 0.1, size: .max)]) == [.fdatasync])
        // A file system that counts by two seconds.
        var coarse = identity(age: 1.5)
        coarse.changed.nanoseconds = 0
        #expect(try calls(durability, [coarse]) == [.fdatasync])
    }

    @Test(arguments: [-3600, 3600] as [Int64])
    func clockThatIsSetVoidsWhatIsKnown(_ step: Int64) throws {
        let durability = Durability(clock: clock.clock)
        durability.prepare(volume)
        let old = identity(age: 7200)
        #expect(try calls(durability, [old]) == [.syncfs])
        clock.set(ahead: step)
        #expect(try calls(durability, [old]) == [.fdatasync])
        durability.prepare(volume)
        #expect(try calls(durability, [old, old]) == [.syncfs])
    }

    @Test(arguments: ["nfs4", "cifs", "fuse.sshfs", "fuse.bindfs", "fuse.glusterfs"])
    func timesOfAServerTellNothing(_ type: String) throws {
        let durability = Durability(clock: clock.clock)
        let volume = Volume(id: nil, type: type, device: 1)
        durability.prepare(volume)
        let files = (0..<20).map { _ in identity(age: 3600) }
        #expect(try calls(durability, files, on: volume) == Array(repeating: .fdatasync, count: 20))
    }

    @Test func eachFileSystemIsWrittenBackForItself() throws {
        let durability = Durability(clock: clock.clock)
        let other = Volume(id: VolumeID("ext:2"), type: "ext4", device: 2)
        durability.prepare(volume)
        durability.prepare(other)
        #expect(try calls(durability, [identity(age: 3600)]) == [.syncfs])
        #expect(try calls(durability, [identity(age: 3600)], on: other) == [.syncfs])
    }

    @Test func faultOfAnotherFileIsNotThisOnes() throws {
        let durability = Durability(clock: clock.clock)
        durability.prepare(volume)
        let plan = FaultPlan([.syncfs: [.inputOutput]])
        #expect(try calls(durability, [identity(age: 3600)], plan) == [.syncfs, .fdatasync])
        // Nothing is covered by a call that failed.
        #expect(try calls(durability, [identity(age: 3600)]) == [.fdatasync])
    }

    @Test(arguments: [SystemError.Code.inputOutput, .noSpace, .quota])
    func fileThatCannotBeWrittenBackIsAFault(_ code: SystemError.Code) {
        let durability = Durability(clock: clock.clock)
        #expect(throws: SystemError(code: code, call: .fdatasync)) {
            try calls(durability, [identity(age: 1)], FaultPlan([.fdatasync: [code]]))
        }
    }

    @Test(arguments: [SystemError.Code.readOnly, .invalid, .notImplemented, .notSupported])
    func whereNothingCanBeWrittenNothingIsLost(_ code: SystemError.Code) throws {
        let durability = Durability(clock: clock.clock)
        let plan = FaultPlan([.fdatasync: [code]])
        #expect(try calls(durability, [identity(age: 1)], plan) == [.fdatasync])
    }

    // MARK: - In the mirror

    @Test(arguments: [ChecksumPlace.attributes, .storeOnly])
    func contentIsOnTheDiskBeforeAnythingIsRecordedOfIt(_ place: ChecksumPlace) throws {
        let fixture = Fixture(place: place, store: true)
        fixture.tree.write("a", "content")
        let plan = FaultPlan([:])
        FaultPlan.$current.withValue(plan) { fixture.scan() }
        let sync = try #require(plan.calls.firstIndex { DurabilityTests.syncs.contains($0) })
        if place == .attributes {
            #expect(try #require(plan.calls.firstIndex(of: .fsetxattr)) > sync)
        } else {
            #expect(fixture.counters.storeWrites == 1)
        }
        #expect(fixture.entry("a")?.digest == digest("content"))
    }

    @Test(arguments: [ChecksumPlace.attributes, .storeOnly])
    func fileThatCannotBeWrittenBackIsNeitherRecordedNorShared(_ place: ChecksumPlace) throws {
        let fixture = Fixture(place: place, store: true)
        fixture.tree.write("a", "content")
        let faults = FaultPlan([
            .syncfs: Array(repeating: .inputOutput, count: 9),
            .fdatasync: Array(repeating: .inputOutput, count: 9),
        ])
        FaultPlan.$current.withValue(faults) { fixture.scan() }
        #expect(fixture.entry("a") == nil)
        #expect(fixture.status.unreadable == 1)
        #expect(fixture.tree.attribute("a", ChecksumCache.checksumAttribute) == nil)
        #expect(fixture.counters.storeWrites == 0)
        fixture.rescan()
        #expect(fixture.entry("a")?.digest == digest("content"))
        #expect(fixture.status.unreadable == 0)
    }
}
