import PassimCore
import Testing

@Suite struct StatusTests {
    @Test func rawValuesAreThoseOfTheBus() {
        #expect(DaemonStatus.unknown.rawValue == 0)
        #expect(DaemonStatus.starting.rawValue == 1)
        #expect(DaemonStatus.loading.rawValue == 2)
        #expect(DaemonStatus.running.rawValue == 3)
        #expect(DaemonStatus.disabledMetered.rawValue == 4)
        #expect(ItemFlags.disabled.rawValue == 1)
        #expect(ItemFlags.nextReboot.rawValue == 2)
    }

    @Test func percentIsOfBytesAndNever100WhileFilesWait() {
        var status = DirectoryStatus(dropIn: "a.conf", path: "/a", state: .scanning)
        #expect(status.percent == 0)
        status.bytes = 50
        status.pendingFiles = 1
        status.pendingBytes = 150
        #expect(status.percent == 25)
        status.bytes = UInt64.max / 4
        #expect((0...100).contains(status.percent))
        // Of a daemon that lies to the command.
        status.bytes = UInt64.max
        #expect(status.percent == 100)
        status.state = .watching
        status.pendingFiles = 0
        status.pendingBytes = 0
        #expect(status.percent == 100)
    }

    @Test func batchThatChangedNothingForSubscribersIsEmpty() throws {
        let digest = try #require(Digest(bytes: Array(repeating: 1, count: 32)))
        #expect(Batch(sequence: 1, appeared: [], vanished: []).isEmpty)
        #expect(!Batch(sequence: 1, appeared: [digest], vanished: []).isEmpty)
        #expect(!Batch(sequence: 1, appeared: [], vanished: [digest]).isEmpty)
    }
}
