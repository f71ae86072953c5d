import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct TotalsTests {
    private let tree: TemporaryTree
    private let log = RecordedLog()

    init() throws {
        tree = try TemporaryTree()
    }

    private func makeTotals() -> Totals {
        let totals = Totals(
            path: tree.absolute("lib/totals"), auditLog: tree.absolute("audit.log"), logger: log.logger)
        totals.load()
        return totals
    }

    private func line(_ size: String, type: String = "SHARE") -> String {
        let hash = String(repeating: "a", count: 64)
        return "2025-01-01T00:00:00Z \(type) hash=\(hash),basename=x,size=\(size),ipaddr=::1"
    }

    @Test func totalOutlivesTheProcess() throws {
        let first = makeTotals()
        try first.start()
        first.add(1 << 40)
        first.add(5)
        first.stop()
        #expect(try tree.read("lib/totals") == Array("1099511627781\n".utf8))
        let second = makeTotals()
        #expect(second.downloadSaving == 1_099_511_627_781)
        second.add(1)
        second.stop()
        #expect(makeTotals().downloadSaving == 1_099_511_627_782)
        #expect(log.lines.isEmpty)
    }

    @Test func totalStaysAtTheMostThatThereIs() throws {
        try tree.write("lib/totals", "18446744073709551610\n")
        let totals = makeTotals()
        totals.add(7)
        #expect(totals.downloadSaving == .max)
    }

    @Test func totalIsSavedWithoutAStop() async throws {
        let totals = makeTotals()
        try totals.start()
        totals.add(7)
        #expect(await becomesTrue { (try? tree.read("lib/totals")) == Array("7\n".utf8) })
        totals.add(1)
        #expect(await becomesTrue { (try? tree.read("lib/totals")) == Array("8\n".utf8) })
        totals.stop()
    }

    @Test func nothingToSaveIsNotSaved() throws {
        let totals = makeTotals()
        try totals.start()
        totals.stop()
        #expect(!tree.exists("lib"))
    }

    @Test func withoutAFileTheSharesOfTheAuditLogAreSummed() throws {
        let bad: [[UInt8]] = [
            [], Array("nonsense".utf8), Array(line("-5").utf8), Array(line("9", type: "DELTE").utf8) + [0xFF],
            Array(line("100").utf8.dropLast(9)), [UInt8](repeating: 0x61, count: (1 << 20) + 5),
        ]
        var bytes = Array((line("10") + "\n" + line("3", type: "OTHER") + "\n").utf8)
        for one in bad { bytes += one + [0x0A] }
        bytes += Array((line("20") + "\n" + line("4000")).utf8)
        try tree.write("audit.log", bytes)
        let totals = makeTotals()
        #expect(totals.downloadSaving == 30)
        let sum = try AuditScan.sum(tree.absolute("audit.log"))
        #expect(sum == .init(bytes: 30, shares: 2, malformed: bad.count + 2))
        totals.stop()
        #expect(try tree.read("lib/totals") == Array("30\n".utf8))
    }

    @Test func logLongerThanABufferIsReadWhole() throws {
        let text = (0..<12_000).map { line("\($0)") + "\n" }.joined()
        try tree.write("audit.log", text)
        #expect(try AuditScan.sum(tree.absolute("audit.log")) == .init(bytes: 71_994_000, shares: 12_000))
    }

    @Test(arguments: [0, 1, 65_536, 65_537, (1 << 20) - 1, 1 << 20])
    func linesOfAnyLengthAreOneLine(_ length: Int) throws {
        let long = [UInt8](repeating: 0x61, count: length)
        try tree.write("audit.log", long + [0x0A] + Array((line("1") + "\n").utf8) + long)
        let sum = try AuditScan.sum(tree.absolute("audit.log"))
        #expect(sum == .init(bytes: 1, shares: 1, malformed: length == 0 ? 1 : 2), "\(length)")
    }

    @Test(arguments: ["", "x", "-1", "1 2", "18446744073709551616", " 1", "1\n\n", "0x10"])
    func fileThatHoldsNoNumberIsKeptAside(_ content: String) throws {
        try tree.write("lib/totals", content)
        try tree.write("audit.log", line("6") + "\n")
        let totals = makeTotals()
        #expect(totals.downloadSaving == 6)
        #expect(log.warnings.count == 1 && log.warnings[0].contains("totals.bad"))
        totals.stop()
        #expect(try tree.read("lib/totals.bad") == Array(content.utf8))
        #expect(try tree.read("lib/totals") == Array("6\n".utf8))
    }

    @Test func fileThatCannotBeReadIsNotLost() throws {
        try tree.write("lib/totals", "77\n")
        let totals = FaultPlan.$current.withValue(FaultPlan([.read: [.inputOutput]])) { makeTotals() }
        totals.add(1)
        totals.stop()
        #expect(try tree.read("lib/totals.bad") == Array("77\n".utf8))
    }

    @Test(arguments: [("0", 0), ("7\n", 7), ("18446744073709551615\n", UInt64.max), ("007", 7)])
    func numberIsRead(_ content: String, _ number: UInt64) {
        #expect(Totals.parse(Array(content.utf8)) == number)
    }

    @Test func totalsOfManyThreadsAreAllThere() throws {
        let totals = makeTotals()
        try totals.start()
        let threads = try (0..<8).map { _ in
            try SystemThread(name: "server") { for _ in 0..<5000 { totals.add(3) } }
        }
        for thread in threads { thread.join() }
        totals.stop()
        #expect(try tree.read("lib/totals") == Array("120000\n".utf8))
    }
}
