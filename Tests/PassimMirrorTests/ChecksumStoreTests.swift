import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

@Suite struct ChecksumStoreTests {
    private func identity(_ number: UInt64) -> FileIdentity {
        FileIdentity(
            device: .max, inode: number, size: .max,
            modified: Timestamp(seconds: -1, nanoseconds: 999_999_999),
            changed: Timestamp(seconds: .max, nanoseconds: 1))
    }

    private let volume = Volume(id: VolumeID("ext:1"), type: "ext4", device: .max)

    private struct Place {
        let tree = MirrorTree()
        let clock = TestClock()
        let log = RecordedLog()

        func open(longest: Int64 = 1000) -> ChecksumStore {
            ChecksumStore(directory: tree.path, logger: log.logger, clock: clock.clock, longest: longest)
        }
    }

    @Test func exactlyTheRecordedStateIsFound() {
        let place = Place()
        let store = place.open()
        store.record(identity(1), digest("a"), overrides: false, on: volume)
        for round in 0..<2 {
            #expect(store.find(identity(1), on: volume) == digest("a"), "round \(round)")
            #expect(store.find(identity(2), on: volume) == nil)
            var other = identity(1)
            other.device = 1
            #expect(store.find(other, on: volume) == nil)
            other = identity(1)
            other.size = 1
            #expect(store.find(other, on: volume) == nil)
            other = identity(1)
            other.modified.nanoseconds = 1
            #expect(store.find(other, on: volume) == nil)
            other = identity(1)
            other.changed.nanoseconds = 2
            #expect(store.find(other, on: volume) == nil)
            other = identity(1)
            other.changed.seconds = 2
            #expect(store.find(other, on: volume) == nil)
            store.flush()
        }
        #expect(store.writes == 1)
    }

    @Test func rowsOutliveTheProcessAndReadingWritesNothing() {
        let place = Place()
        do {
            let store = place.open()
            for number in 0..<1000 as Range<UInt64> {
                store.record(identity(number), digest("\(number)"), overrides: false, on: volume)
            }
            store.flush()
        }
        let before = place.tree.identity("checksums.sqlite")
        let directory = place.tree.identity(".")
        do {
            let store = place.open()
            for number in 0..<1000 as Range<UInt64> {
                #expect(store.find(identity(number), on: volume) == digest("\(number)"))
            }
            store.flush()
            store.prune()
            #expect(store.writes == 0)
        }
        #expect(place.tree.identity("checksums.sqlite") == before)
        #expect(place.tree.identity(".") == directory)
    }

    /// Rows beside each other are read in one go; whichever they are, that must make no difference.
    @Test func manyAreFoundAsEachOfThemIs() {
        let place = Place()
        var random = SeededGenerator()
        let text = "\(random)"
        // Inodes in runs and with gaps; on two file systems; SQLite has the last ones below zero.
        let inodes = Array(0..<40 as Range<UInt64>) + (0..<20).map { 100 + 7 * $0 } + [1000, 2000]
        let all = (inodes + (0..<10).map { .max - $0 }).flatMap { inode in
            [UInt64(5), .max].map { device in
                var identity = identity(inode)
                identity.device = device
                return identity
            }
        }
        let volumes: [UInt64: Volume] = [
            5: Volume(id: VolumeID("ext:5"), type: "ext4", device: 5), UInt64.max: volume,
        ]
        func name(_ identity: FileIdentity) -> Digest { digest("\(identity.device) \(identity.inode)") }
        let recorded = all.filter { _ in random.chance(70) }
        do {
            let store = place.open()
            for identity in recorded {
                store.record(identity, name(identity), overrides: false, on: volumes[identity.device]!)
            }
            store.close()
        }
        let store = place.open()
        // Not written yet.
        let pending = all.filter { !recorded.contains($0) && random.chance(50) }
        for identity in pending {
            store.record(identity, name(identity), overrides: false, on: volumes[identity.device]!)
        }
        let known = Set((recorded + pending).map(name))
        for _ in 0..<50 {
            let (device, volume) = volumes.randomElement(using: &random)!
            let asked = (0..<Int.random(in: 0...200, using: &random)).map { _ in
                var identity = random.pick(all.filter { $0.device == device })
                if random.chance(20) { identity.changed.nanoseconds = 2 }
                return identity
            }
            let expected = asked.map { identity in
                identity.changed.nanoseconds == 1 && known.contains(name(identity)) ? name(identity) : nil
            }
            #expect(store.find(asked, on: volume) == expected, "\(text)")
        }
    }

    @Test func nothingRecordedMakesNoFile() {
        let place = Place()
        let store = place.open()
        #expect(store.find(identity(1), on: volume) == nil)
        store.flush()
        store.prune()
        #expect(access(place.tree.child("checksums.sqlite"), F_OK) != 0)
        #expect(place.log.warnings.isEmpty)
    }

    @Test func rowsAreWrittenInBatches() {
        let place = Place()
        let store = place.open()
        for number in 0..<20000 as Range<UInt64> {
            store.record(identity(number), digest("x"), overrides: false, on: volume)
        }
        #expect(store.writes == 2)
        store.flush(onlyIfDue: true)
        #expect(store.writes == 2)
        place.clock.advance(seconds: 3)
        store.flush(onlyIfDue: true)
        #expect(store.writes == 3)
    }

    @Test(arguments: ["garbage", "", "SQLite format 3\0 and then garbage"])
    func damagedDatabaseIsSetAsideWithOneWarning(_ content: String) {
        let place = Place()
        place.tree.write(
            "checksums.sqlite", content + String(repeating: "x", count: content.isEmpty ? 0 : 9000))
        let store = place.open()
        store.record(identity(1), digest("a"), overrides: false, on: volume)
        store.flush()
        #expect(store.find(identity(1), on: volume) == digest("a"))
        // An empty file is a database to SQLite.
        #expect(place.log.warnings.count == (content.isEmpty ? 0 : 1))
        #expect((access(place.tree.child("checksums.sqlite.bad"), F_OK) == 0) == !content.isEmpty)
    }

    @Test func damageFoundWhileInUseIsRecoveredFrom() {
        let place = Place()
        do {
            let store = place.open()
            for number in 0..<5000 as Range<UInt64> {
                store.record(identity(number), digest("\(number)"), overrides: false, on: volume)
            }
            store.flush()
        }
        // All pages but the first, which holds the schema.
        let file = place.tree.child("checksums.sqlite")
        let size = Int(place.tree.identity("checksums.sqlite").size)
        let descriptor = open(file, O_WRONLY)
        let noise = [UInt8](repeating: 0xA5, count: size - 4096)
        #expect(pwrite(descriptor, noise, noise.count, 4096) == noise.count)
        close(descriptor)
        let store = place.open()
        #expect(store.find(identity(1), on: volume) == nil)
        store.record(identity(1), digest("new"), overrides: false, on: volume)
        store.flush()
        #expect(store.find(identity(1), on: volume) == digest("new"))
        #expect(place.log.warnings.count == 1)
    }

    @Test func unusedRowsArePrunedAndUsedOnesStay() {
        let place = Place()
        do {
            let store = place.open()
            store.record(identity(1), digest("used"), overrides: false, on: volume)
            store.record(identity(2), digest("unused"), overrides: false, on: volume)
            store.close()
        }
        var writes = 0
        for day in 1...31 {
            place.clock.advance(seconds: 86400)
            let store = place.open()
            #expect(store.find(identity(1), on: volume) == digest("used"), "day \(day)")
            store.flush()
            store.prune()
            writes += store.writes
            store.close()
        }
        // Each day is noted once; on some the use was, as the last note of it was old; one had something to prune.
        #expect(writes <= 31 + 1)
        let store = place.open()
        #expect(store.find(identity(1), on: volume) == digest("used"))
        #expect(store.find(identity(2), on: volume) == nil)
    }

    @Test func longStoreLosesTheLeastRecentlyUsed() {
        let place = Place()
        let store = place.open(longest: 10)
        for number in 0..<20 as Range<UInt64> {
            place.clock.advance(seconds: 86400)
            store.record(identity(number), digest("\(number)"), overrides: false, on: volume)
        }
        store.flush()
        store.prune()
        #expect(store.find(identity(9), on: volume) == nil)
        #expect(store.find(identity(10), on: volume) != nil)
    }

    @Test func overridesAreRememberedUntilReplaced() {
        let place = Place()
        do {
            let store = place.open()
            store.record(identity(1), digest("a"), overrides: true, on: volume)
            store.flush()
        }
        do {
            let store = place.open()
            #expect(store.overrides(identity(1), on: volume))
            #expect(!store.overrides(identity(2), on: volume))
            store.record(identity(1), digest("b"), overrides: false, on: volume)
            store.flush()
        }
        #expect(!place.open().overrides(identity(1), on: volume))
    }
}
