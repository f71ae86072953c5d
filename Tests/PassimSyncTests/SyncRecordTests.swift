import PassimCore
import PassimTestKit
import Testing

@testable import PassimSync

@Suite struct SyncRecordTests {
    @Test func whatIsWrittenIsRead() throws {
        let tree = try TemporaryTree()
        let path = tree.absolute("sub/record")
        var record = SyncRecord()
        #expect(try SyncRecord(reading: path) == record)
        record.source = "https://mirror.example/a%20b/"
        record.lastTry = 1_764_530_400
        record.lastWhole = 1_764_526_800
        record.problem = "a\\b = c; [d] ü"
        record.replaced = [RawName("firmware-1 = x.xml"): 5, RawName(bytes: [0xFF, 0x0A, 0x3D]): -7]
        try record.write(to: path)
        #expect(try SyncRecord(reading: path) == record)
        #expect(try tree.status("sub/record").mode == 0o644)
        record.problem = "two\nlines"
        try record.write(to: path)
        #expect(try SyncRecord(reading: path).problem == "two lines")
    }

    @Test(arguments: ["", "nonsense", "[sync]\nLastTry=x\n[replaced]\nzz=1\nabc=2\n", "\u{0}"])
    func anythingElseIsEmpty(text: String) throws {
        let tree = try TemporaryTree()
        try tree.write("record", text)
        #expect(try SyncRecord(reading: tree.absolute("record")) == SyncRecord())
    }

    @Test func thereAreNeverTooManyNames() throws {
        let tree = try TemporaryTree()
        var record = SyncRecord()
        for number in 0..<5000 {
            record.replaced[RawName(String(repeating: "x", count: 250) + "\(number)")] = 1
        }
        try record.write(to: tree.absolute("record"))
        #expect(try SyncRecord(reading: tree.absolute("record")).replaced.count == SyncRecord.mostReplaced)
    }
}
