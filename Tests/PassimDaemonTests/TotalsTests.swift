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

    // MARK: - After a crash

    /// A log that is written to, and its mark.
    private final class Writing: Sendable {
        private let state: Lock<(written: UInt64, place: AuditMark.Place)?> = Lock(nil)
        var mark: AuditMark? { state.withLock { $0.map { AuditMark(written: $0.written, place: $0.place) } } }

        func note(_ size: UInt64, _ facts: FileFacts) {
            state.withLock { state in
                let before = state?.written ?? 0
                state = (before + size, AuditMark.Place(inode: facts.inode, length: facts.size))
            }
        }
    }

    private func append(_ size: UInt64, _ writing: Writing, to path: String = "audit.log") throws {
        if !tree.exists(path) { try tree.write(path, "") }
        try tree.append(path, Array((line("\(size)") + "\n").utf8))
        writing.note(size, try tree.status(path))
    }

    private func makeTotals(_ writing: Writing) -> Totals {
        let totals = Totals(
            path: tree.absolute("lib/totals"), auditLog: tree.absolute("audit.log"), logger: log.logger
        ) { writing.mark }
        totals.load()
        return totals
    }

    @Test func whatTheLogHasMoreThanTheFileIsAdded() throws {
        let writing = Writing()
        let totals = makeTotals(writing)
        try append(100, writing)
        totals.add(100)
        // Bytes that made no share.
        totals.add(7)
        totals.stop()
        #expect(makeTotals(Writing()).downloadSaving == 107)
        // What a process that was killed had written to the log, and the total had not.
        try append(50, writing)
        try append(1000, writing)
        let next = Writing()
        let after = makeTotals(next)
        #expect(after.downloadSaving == 1150, "what made no share is lost with the process")
        try append(10, next)
        after.add(10)
        after.stop()
        #expect(makeTotals(Writing()).downloadSaving == 1160)
        #expect(log.lines.isEmpty, "\(log.lines)")
    }

    @Test func logThatWasRotatedMeanwhileIsFound() throws {
        let writing = Writing()
        let totals = makeTotals(writing)
        try append(100, writing)
        totals.add(100)
        totals.stop()
        try append(20, writing)
        try tree.rename("audit.log", to: "audit.log.1")
        try append(3, writing)
        try tree.rename("audit.log.1", to: "audit.log.2")
        try tree.rename("audit.log", to: "audit.log.1")
        try append(4000, writing)
        #expect(makeTotals(Writing()).downloadSaving == 4123)
        // One that nobody knows is nothing to go by.
        try tree.remove("audit.log.2")
        #expect(makeTotals(Writing()).downloadSaving == 100)
    }

    @Test func logThatWasCutIsReadFromItsBeginning() throws {
        let writing = Writing()
        let totals = makeTotals(writing)
        for _ in 0..<10 { try append(100, writing) }
        totals.add(1000)
        totals.stop()
        try tree.truncate("audit.log", to: 0)
        try tree.append("audit.log", Array((line("5") + "\n").utf8))
        #expect(makeTotals(Writing()).downloadSaving == 1005)
    }

    // MARK: - Large logs

    /// Neither the start nor the end waits for them.
    @Test func largeLogIsReadBesideServing() async throws {
        try tree.truncate("audit.log", to: 1 << 30)
        try tree.append("audit.log", Array(("\n" + line("6") + "\n").utf8))
        let totals = makeTotals()
        try totals.start()
        totals.add(1)
        totals.stop()
        #expect(!tree.exists("lib/totals"), "it was not read to its end, and will be")
        let others = makeTotals()
        try others.start()
        others.add(1)
        #expect(await becomesTrue { others.downloadSaving == 7 })
        others.stop()
        #expect(try tree.read("lib/totals") == Array("7\n".utf8))
    }

    @Test func sumOfNothingIsSaved() throws {
        try tree.write("audit.log", line("6", type: "DELTE") + "\n")
        makeTotals().stop()
        #expect(try tree.read("lib/totals") == Array("0\n".utf8))
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
        #expect(TotalsFile(Array(content.utf8))?.bytes == number)
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
