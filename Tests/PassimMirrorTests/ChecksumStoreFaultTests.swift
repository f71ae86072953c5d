import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

/// What the checksum store makes of databases that others have made, locked or broken, and of disks that are full.
@Suite struct ChecksumStoreFaultTests {
    private let tree = MirrorTree()
    private let clock = TestClock()
    private let log = RecordedLog()
    private let volume = Volume(id: VolumeID("ext:1"), type: "ext4", device: 7)
    private var path: String { tree.child("checksums.sqlite") }

    private func open() -> ChecksumStore {
        ChecksumStore(directory: tree.path, logger: log.logger, clock: clock.clock)
    }

    private func identity(_ number: UInt64, device: UInt64 = 7) -> FileIdentity {
        let time = Timestamp(seconds: 1_700_000_000, nanoseconds: 5)
        return FileIdentity(device: device, inode: number, size: 100 + number, modified: time, changed: time)
    }

    private func record(_ numbers: Range<UInt64>, in store: ChecksumStore) {
        for number in numbers {
            store.record(identity(number), digest("\(number)"), overrides: false, on: volume)
        }
    }

    private func found(_ numbers: Range<UInt64>, in store: ChecksumStore) -> Int {
        store.find(numbers.map { identity($0) }, on: volume).count { $0 != nil }
    }

    private func database() throws -> SQLiteDatabase {
        try SQLiteDatabase(path: path, .create, patience: 1000)
    }

    /// The schema of 0.2.0, and rows of it.
    private func makeOldDatabase(rows: Range<UInt64>, device: UInt64 = 7, overrides: Int = 0) throws {
        let database = try database()
        try database.execute(
            """
            BEGIN IMMEDIATE;
            CREATE TABLE checksum (
                device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT NULL,
                modified INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
                changed INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
                digest BLOB NOT NULL, overrides INTEGER NOT NULL, seen INTEGER NOT NULL,
                PRIMARY KEY (device, inode)
            ) WITHOUT ROWID;
            PRAGMA user_version = 1;
            """)
        for number in rows {
            try database.execute(
                """
                INSERT INTO checksum VALUES (\(device), \(number), \(100 + number), 1700000000, 5, 1700000000, 5,
                    x'\(digest("\(number)").hex)', \(overrides), 20000)
                """)
        }
        try database.execute("COMMIT")
    }

    // MARK: - Version 0.2.0

    @Test func storeOfVersion0_2IsTakenOverWithoutHashing() throws {
        try makeOldDatabase(rows: 1..<3000)
        for _ in 0..<2 {
            let store = open()
            #expect(found(1..<3000, in: store) == 2999)
            #expect(found(3000..<3010, in: store) == 0)
            store.close()
        }
        // They are of format 2 now: another st_dev does not matter any more.
        let other = Volume(id: VolumeID("ext:1"), type: "ext4", device: 8)
        let store = open()
        #expect(store.find(identity(5, device: 8), on: other) == digest("5"))
        #expect(log.warnings.isEmpty)
    }

    @Test func filesWhoseAttributesLieAreTakenOverToo() throws {
        try makeOldDatabase(rows: 1..<3, overrides: 1)
        let store = open()
        #expect(store.overrides(identity(1), on: volume))
        #expect(!store.overrides(identity(3), on: volume))
        store.record(identity(1), digest("new"), overrides: false, on: volume)
        #expect(!store.overrides(identity(1), on: volume))
    }

    @Test func oldRowsGoAfterThirtyDaysOfRunning() throws {
        try makeOldDatabase(rows: 1..<10)
        for _ in 0..<40 {
            let store = open()
            #expect(found(5..<6, in: store) == 1)
            store.flush()
            store.prune()
            store.close()
            clock.advance(seconds: 86400)
        }
        #expect(found(1..<10, in: open()) == 1)
    }

    // MARK: - Rows

    @Test(arguments: ["9223372036854775807", "9223372036854775800", "-9223372036854775808", "-1"])
    func rowThatWasUsedOnNoDayThatThereIsEndsNothing(_ seen: String) throws {
        do {
            let store = open()
            record(1..<3, in: store)
            store.close()
            try database().execute("UPDATE file SET seen = \(seen) WHERE inode = 1")
        }
        let store = open()
        #expect(store.find(identity(1), on: volume) == digest("1"))
        store.prune()
        store.close()
        let next = open()
        #expect(next.find(identity(2), on: volume) == digest("2"))
        #expect(log.warnings.isEmpty)
    }

    @Test func rowOfVersion0_2ThatWasUsedOnNoDayThatThereIsEndsNothing() throws {
        try makeOldDatabase(rows: 1..<2)
        try database().execute("UPDATE checksum SET seen = 9223372036854775807")
        #expect(open().find(identity(1), on: volume) == digest("1"))
    }

    @Test(arguments: [
        "modified_ns = 1000000000", "changed_ns = -1", "changed_ns = 4294967301", "digest = x'00'",
        "digest = 'text'",
    ])
    func rowThatMakesNoSenseCountsAsNone(_ change: String) throws {
        do {
            let store = open()
            record(1..<3, in: store)
            store.close()
            try database().execute("UPDATE file SET \(change) WHERE inode = 1")
        }
        let store = open()
        #expect(store.find(identity(1), on: volume) == nil)
        #expect(store.find(identity(2), on: volume) == digest("2"))
        record(1..<2, in: store)
        store.close()
        #expect(open().find(identity(1), on: volume) == digest("1"))
    }

    @Test(arguments: ["9223372036854775807", "-9223372036854775808"])
    func countOfDaysThatMakesNoSenseEndsNothing(_ days: String) throws {
        do {
            let store = open()
            record(1..<3, in: store)
            store.close()
            try database().execute("UPDATE volume SET days = \(days), last = \(days)")
        }
        for _ in 0..<2 {
            clock.advance(seconds: 86400)
            let store = open()
            #expect(found(1..<3, in: store) == 2)
            store.prune()
            store.close()
        }
        #expect(found(1..<3, in: open()) == 2)
    }

    // MARK: - Days

    @Test func clockThatIsWrongOncePrunesNothing() {
        do {
            let store = open()
            record(1..<100, in: store)
            store.close()
        }
        // Another disk is scanned meanwhile.
        let other = Volume(id: VolumeID("ext:2"), type: "ext4", device: 9)
        for days in [40, 0, 400, -400] as [Int64] {
            clock.set(ahead: days * 86400)
            let store = open()
            _ = store.find(identity(1, device: 9), on: other)
            store.prune()
            store.close()
        }
        #expect(found(1..<100, in: open()) == 99)
    }

    @Test func diskThatIsAwayForAYearLosesNothing() {
        do {
            let store = open()
            record(1..<100, in: store)
            store.close()
        }
        let other = Volume(id: VolumeID("ext:2"), type: "ext4", device: 9)
        for _ in 0..<100 {
            clock.advance(seconds: 4 * 86400)
            let store = open()
            store.record(identity(1, device: 9), digest("1"), overrides: false, on: other)
            store.flush()
            store.prune()
            store.close()
        }
        #expect(found(1..<100, in: open()) == 99)
    }

    // MARK: - File systems

    @Test func rowsOutliveARemountThatChangesTheDevice() {
        do {
            let store = open()
            record(1..<100, in: store)
            store.close()
        }
        let again = Volume(id: VolumeID("ext:1"), type: "ext4", device: 44)
        let store = open()
        for number in 1..<100 as Range<UInt64> {
            #expect(store.find(identity(number, device: 44), on: again) == digest("\(number)"))
        }
        // Another file system that has got the device number.
        let stranger = Volume(id: VolumeID("ext:2"), type: "ext4", device: 7)
        #expect(store.find(identity(1), on: stranger) == nil)
    }

    @Test func nothingIsKeptOfAFileSystemOfWhichNothingLasts() {
        let image = Volume(id: nil, type: "squashfs", device: 7)
        do {
            let store = open()
            store.record(identity(1), digest("1"), overrides: false, on: image)
            store.close()
        }
        #expect(open().find(identity(1), on: image) == nil)
        #expect(access(path, F_OK) != 0)
    }

    // MARK: - Databases that cannot be used

    @Test(arguments: [
        "PRAGMA user_version = 99", "DROP TABLE file", "DROP TABLE volume",
        "DROP TABLE file; CREATE TABLE file (a)",
    ])
    func unusableStoreIsPutAsideWithOneWarning(_ damage: String) throws {
        do {
            let store = open()
            record(1..<10, in: store)
            store.close()
            try database().execute(damage)
        }
        for _ in 0..<3 {
            let store = open()
            record(1..<10, in: store)
            store.close()
            #expect(found(1..<10, in: open()) == 9)
        }
        #expect(log.warnings.count == 1)
        #expect(access(path + ".bad", F_OK) == 0)
    }

    @Test func directoryThatCannotBeMadeIsOneWarning() {
        tree.write("file", "not a directory")
        let store = ChecksumStore(directory: tree.child("file/below"), logger: log.logger, clock: clock.clock)
        for _ in 0..<3 {
            record(1..<2, in: store)
            store.flush()
            clock.advance(seconds: 100)
        }
        // For as long as this one lives.
        #expect(store.find(identity(1), on: volume) == digest("1"))
        #expect(log.warnings.count == 1)
    }

    @Test func twoProcessesShareTheStore() {
        let first = open()
        record(1..<2, in: first)
        first.flush()
        let second = open()
        record(2..<3, in: second)
        second.flush()
        #expect(found(1..<3, in: first) == 2)
        #expect(found(1..<3, in: second) == 2)
        #expect(log.warnings.isEmpty)
    }

    @Test func readerSeesTheStoreOfARunningDaemonAndWritesNothing() {
        let daemon = open()
        record(1..<3000, in: daemon)
        daemon.flush()
        let before = tree.identity("checksums.sqlite")
        let reader = ChecksumStore(
            directory: tree.path, logger: log.logger, clock: clock.clock, access: .read)
        clock.advance(seconds: 86400 * 40)
        #expect(found(1..<3000, in: reader) == 2999)
        record(3000..<3001, in: reader)
        reader.prune()
        reader.close()
        #expect(tree.identity("checksums.sqlite") == before)
        record(3000..<3001, in: daemon)
        daemon.flush()
        #expect(found(3000..<3001, in: daemon) == 1)
        #expect(log.warnings.isEmpty)
    }

    @Test func readerSeesTheStoreOfVersion0_2() throws {
        try makeOldDatabase(rows: 1..<10)
        let before = tree.identity("checksums.sqlite")
        let reader = ChecksumStore(
            directory: tree.path, logger: log.logger, clock: clock.clock, access: .read)
        #expect(found(1..<10, in: reader) == 9)
        #expect(tree.identity("checksums.sqlite") == before)
    }

    // MARK: - Locks and full disks

    @Test func storeThatIsLockedForAMomentAtTheStartIsWaitedFor() throws {
        do {
            let store = open()
            record(1..<100, in: store)
            store.close()
        }
        // Another thread has it for itself when this one is done with it.
        nonisolated(unsafe) let locker = try database()
        try locker.execute("BEGIN EXCLUSIVE")
        let isOpening = EventCount()
        let ticket = isOpening.ticket()
        let thread = try SystemThread(name: "locker") {
            // Any time that is less than the patience will do.
            isOpening.wait(after: ticket, until: monotonicNanoseconds() + 200_000_000)
            try? locker.execute("COMMIT")
        }
        #expect(found(1..<100, in: open()) == 99)
        thread.join()
        #expect(log.warnings.isEmpty)
    }

    @Test func storeThatIsLockedForLongIsTriedAgain() throws {
        do {
            let store = open()
            record(1..<100, in: store)
            store.close()
        }
        let locker = try database()
        try locker.execute("BEGIN EXCLUSIVE")
        let store = open()
        #expect(found(1..<100, in: store) == 0)
        record(100..<200, in: store)
        try locker.execute("COMMIT")
        clock.advance(seconds: 10)
        #expect(found(1..<200, in: store) == 199)
        store.close()
        #expect(found(1..<200, in: open()) == 199)
        #expect(log.warnings.count == 1)
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root to mount a tmpfs"))
    func rowsThatFoundNoRoomAreWrittenWhenThereIsSome() throws {
        let disk = try SmallDisk(kibibytes: 2048)
        let store = ChecksumStore(directory: disk.tree.path, logger: log.logger, clock: clock.clock)
        record(1..<2, in: store)
        store.flush()
        #expect(throws: (any Error).self) {
            try disk.tree.write("filler", [UInt8](repeating: 0, count: 4 << 20))
        }
        record(2..<3002, in: store)
        store.flush()
        #expect(store.writes == 1)
        #expect(found(1..<3002, in: store) == 3001)
        try disk.tree.remove("filler")
        clock.advance(seconds: 10)
        store.flush(onlyIfDue: true)
        #expect(store.writes == 2)
        store.close()
        let next = ChecksumStore(directory: disk.tree.path, logger: log.logger, clock: clock.clock)
        #expect(found(1..<3002, in: next) == 3001)
        next.close()
        #expect(log.warnings.count == 1)
    }

    @Test func rowsThatCouldNotBeWrittenAreWrittenLater() throws {
        let store = open()
        record(1..<2, in: store)
        store.flush()
        let locker = try database()
        try locker.execute("BEGIN EXCLUSIVE")
        record(2..<3002, in: store)
        store.flush()
        #expect(store.writes == 1)
        try locker.execute("COMMIT")
        clock.advance(seconds: 10)
        store.flush(onlyIfDue: true)
        #expect(store.writes == 2)
        store.close()
        #expect(found(1..<3002, in: open()) == 3001)
        #expect(log.warnings.count == 1)
    }
}
