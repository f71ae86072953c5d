import Glibc
import PassimConfig
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimDaemon

/// The writing side, on the test's thread.
@Suite struct AuditWriterTests {
    private let tree: TemporaryTree
    private let log = RecordedLog()
    private let writer: AuditWriter
    private let path = "log/passim/audit.log"

    init() throws {
        tree = try TemporaryTree()
        writer = AuditWriter(path: tree.absolute(path), logger: log.logger)
    }

    private func records(_ numbers: Range<Int>) -> [AuditRecord] {
        numbers.map {
            AuditRecord(
                time: Int64($0), digest: Digest(words: (1, 2, 3, 4)), basename: RawName("file \($0)"),
                size: UInt64($0), event: .shared(IPAddress("192.0.2.7")!))
        }
    }

    private func add(_ numbers: Range<Int>) {
        writer.add(records(numbers), clients: .full, dropped: 0)
    }

    /// The sizes in the lines of a file, nil for what is none.
    private func sizes(_ bytes: [UInt8]) -> [UInt64?] {
        bytes.split(separator: 0x0A).map { line in
            // A line may be torn within the address.
            if case .shared(let size, "192.0.2.7")? = AuditLine(Array(line))?.event { size } else { nil }
        }
    }

    private func sizes(_ path: String) throws -> [UInt64?] { sizes(try tree.read(path)) }

    @Test func batchIsOneWriteOfWholeLines() throws {
        let plan = FaultPlan([:])
        FaultPlan.$current.withValue(plan) {
            add(0..<1000)
            #expect(writer.flush())
            add(1000..<2000)
            #expect(writer.flush())
        }
        #expect(plan.calls.count { $0 == .write } == 2)
        #expect(try sizes(path) == (0..<2000).map { UInt64($0) })
        #expect(try tree.status(path).mode == 0o600)
        #expect(log.warnings.isEmpty)
    }

    @Test(arguments: [1, 50, 131])
    func writesThatTakeLessThanAskedForLoseNothing(size: Int) throws {
        FaultPlan.$current.withValue(FaultPlan(sizes: [.write: [size]])) {
            add(0..<30)
            #expect(writer.flush())
        }
        #expect(try sizes(path) == (0..<30).map { UInt64($0) })
        #expect(log.warnings.isEmpty)
    }

    @Test func modeOfAnExistingFileIsItsOwners() throws {
        try tree.write(path, "", mode: 0o640)
        add(0..<1)
        writer.flush()
        #expect(try tree.status(path).mode == 0o640)
    }

    @Test func fullDiskIsOneErrorAndNoLineIsLostWhereThereIsRoomAgain() throws {
        FaultPlan.$current.withValue(FaultPlan([.write: Array(repeating: .noSpace, count: 20)])) {
            add(0..<10)
            for _ in 0..<20 { #expect(!writer.flush()) }
            #expect(writer.flush())
        }
        add(10..<11)
        writer.flush()
        #expect(try sizes(path) == (0..<11).map { UInt64($0) })
        #expect(log.warnings.count == 1 && log.warnings[0].contains("No space left"), "\(log.warnings)")
        #expect(log.lines.count == 2)
    }

    @Test func deviceThatIsAlwaysFullIsOneError() throws {
        try tree.symlink(path, to: "/dev/full")
        for number in 0..<5 {
            add(number..<number + 1)
            #expect(!writer.flush())
        }
        writer.finish(alsoLost: 7)
        #expect(log.warnings.count == 2 && log.warnings[1].contains("12 lines were lost"), "\(log.warnings)")
    }

    /// A FIFO takes as much as fits: the write ends within a line.
    @Test func lineThatWasTornIsNotMergedWithTheNext() throws {
        try tree.fifo(path)
        add(0..<2000)
        var read: [UInt8] = []
        let reader = try Descriptor.open(tree.absolute(path), [.readOnly, .nonBlocking])
        var flushes = 0
        while !writer.flush(), flushes < 100 {
            flushes += 1
            drain(reader, into: &read)
        }
        drain(reader, into: &read)
        #expect(flushes > 1 && flushes < 100)
        let lines = sizes(read)
        let torn = lines.count { $0 == nil }
        // Each torn line is lost, and every other one is whole and there once.
        let whole = lines.compactMap { $0 }
        #expect(whole == whole.sorted() && Set(whole).count == whole.count)
        #expect(torn <= flushes && whole.count + torn >= 2000 - 1, "\(whole.count) \(torn) \(flushes)")
        writer.finish(alsoLost: 0)
        let lost = 2000 - whole.count
        #expect(
            log.warnings.contains { $0.contains("\(lost) lines were lost") } == (lost > 0), "\(log.warnings)")
    }

    private func drain(_ reader: borrowing Descriptor, into bytes: inout [UInt8]) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 8)
        defer { buffer.deallocate() }
        while let count = try? reader.read(into: buffer), count > 0 { bytes += buffer[..<count] }
    }

    @Test func lineThatAnotherProcessTornIsNotMergedWithTheNext() throws {
        try tree.write(path, "2024-02-29T12:00:00Z SHARE hash=12")
        add(5..<6)
        writer.flush()
        #expect(try sizes(path) == [nil, 5])
    }

    @Test func afterRenamingLinesGoToANewFile() throws {
        add(0..<1)
        writer.flush()
        try tree.rename(path, to: "log/passim/audit.log.1")
        add(1..<2)
        writer.flush()
        writer.reopen()
        add(2..<3)
        writer.flush()
        #expect(try sizes("log/passim/audit.log.1") == [0, 1])
        #expect(try sizes(path) == [2])
    }

    @Test func whereTheNewFileCannotBeOpenedTheOldOneGoesOn() throws {
        add(0..<1)
        writer.flush()
        try tree.rename(path, to: "log/passim/audit.log.1")
        FaultPlan.$current.withValue(FaultPlan([.open: [.tooManyFiles, .tooManyFiles, .tooManyFiles]])) {
            writer.reopen()
            for number in 1..<3 {
                add(number..<number + 1)
                #expect(writer.flush())
            }
            add(3..<4)
            #expect(writer.flush())
        }
        #expect(try sizes("log/passim/audit.log.1") == [0, 1, 2])
        #expect(try sizes(path) == [3])
        #expect(log.warnings.count == 1)
    }

    @Test func fileThatSomebodyRemovedIsMadeAgain() throws {
        add(0..<1)
        writer.flush()
        try tree.remove(path)
        add(1..<2)
        writer.flush()
        #expect(try sizes(path) == [1])
    }

    @Test(.enabled(if: SmallDisk.isPossible, "needs root to mount a tmpfs"))
    func onADiskThatIsReallyFullEveryLineIsWholeOrSaidToBeLost() throws {
        let disk = try SmallDisk(kibibytes: 64)
        let log = RecordedLog()
        let writer = AuditWriter(path: disk.tree.absolute("audit.log"), logger: log.logger)
        try disk.tree.write("ballast", [UInt8](repeating: 1, count: 32 << 10))
        writer.add(records(0..<1000), clients: .full, dropped: 0)
        for _ in 0..<5 { #expect(!writer.flush()) }
        #expect(log.warnings.count == 1)
        try disk.tree.remove("ballast")
        writer.flush()
        writer.finish(alsoLost: 0)
        let lines = sizes(try disk.tree.read("audit.log"))
        let whole = lines.compactMap { $0 }
        #expect(!whole.isEmpty && whole == whole.sorted())
        #expect(
            log.warnings.last?.contains("\(1000 - whole.count) lines were lost") == true, "\(log.warnings)")
    }

    // MARK: - Rotation

    private func old(_ number: Int) -> String { "\(path).\(number)" }

    @Test func logIsRotatedByItsSizeAndNoLineIsLost() throws {
        writer.rotation = AuditRotation(size: 10_000, kept: 4)
        for batch in 0..<10 {
            add(batch * 30..<(batch + 1) * 30)
            #expect(writer.flush())
        }
        var read: [UInt64?] = []
        for name in [old(4), old(3), old(2), old(1), path] {
            let bytes = try tree.read(name)
            #expect(bytes.count <= 10_000 && bytes.last == 0x0A)
            #expect(try tree.status(name).mode == 0o600)
            read += sizes(bytes)
        }
        #expect(read == (0..<300).map { UInt64($0) }, "five files hold them all")
        #expect(!tree.exists(old(5)) && log.warnings.isEmpty)
        #expect(writer.mark?.written == (0..<300).reduce(0, +))
        let status = try tree.status(path)
        #expect(writer.mark?.place == .init(inode: status.inode, length: status.size))
    }

    @Test func olderLogsThanAreKeptAreGone() throws {
        for (kept, names) in [(0, ["audit.log"]), (1, ["audit.log", "audit.log.1"])] {
            writer.rotation = AuditRotation(size: 4096, kept: kept)
            add(0..<200)
            #expect(writer.flush())
            #expect(try tree.list("log/passim") == names.map { RawName($0) })
        }
    }

    @Test func oneBatchOfManyLogsIsSpreadOverThem() throws {
        writer.rotation = AuditRotation(size: 4096, kept: 99)
        add(0..<1000)
        #expect(writer.flush())
        let files = try tree.list("log/passim")
        #expect(files.count > 10)
        let whole = try files.reduce(0) {
            try $0 + sizes(RawName("log/passim").appending($1).description).count
        }
        #expect(whole == 1000)
    }

    @Test func logThatCannotBeRotatedGrowsOnAndThatIsSaidOnce() throws {
        writer.rotation = AuditRotation(size: 4096, kept: 4)
        let faults = FaultPlan([.renameat: Array(repeating: .readOnly, count: 100)])
        FaultPlan.$current.withValue(faults) {
            for batch in 0..<10 {
                add(batch * 30..<(batch + 1) * 30)
                #expect(writer.flush())
            }
        }
        #expect(try sizes(path) == (0..<300).map { UInt64($0) })
        #expect(log.warnings.count == 1 && log.warnings[0].contains("cannot be rotated"), "\(log.warnings)")
        add(300..<301)
        #expect(writer.flush())
        #expect(try sizes(path) == [300] && tree.exists(old(1)))
    }

    @Test func nameThatIsASymlinkIsNotRotated() throws {
        try tree.write("elsewhere", "")
        try tree.symlink(path, to: tree.absolute("elsewhere"))
        writer.rotation = AuditRotation(size: 4096, kept: 4)
        add(0..<300)
        #expect(writer.flush())
        #expect(try sizes("elsewhere") == (0..<300).map { UInt64($0) })
        #expect(try tree.list("log/passim") == [RawName("audit.log")] && log.warnings.isEmpty)
    }

    @Test func clientsAreRecordedAsFarAsTheSiteWantsIt() {
        let v4 = IPAddress("192.0.2.77")!
        let v6 = IPAddress("2001:db8:1:2:3:4:5:6")!
        #expect(LogClients.full.text(of: v4) == "192.0.2.77")
        #expect(LogClients.full.text(of: v6) == "2001:db8:1:2:3:4:5:6")
        #expect(LogClients.full.text(of: IPAddress("::ffff:192.0.2.77")!) == "192.0.2.77")
        #expect(LogClients.subnet.text(of: v4) == "192.0.2.0/24")
        #expect(LogClients.subnet.text(of: v6) == "2001:db8:1::/48")
        #expect(LogClients.none.text(of: v4).isEmpty && LogClients.none.text(of: v6).isEmpty)
        for address in [v4, v6] {
            #expect(Network(LogClients.subnet.text(of: address))?.contains(address) == true)
        }
        // The interface is nobody's business.
        #expect(LogClients.full.text(of: IPAddress(high: 0xFE80 << 48, low: 1, scope: 3)) == "fe80::1")
    }
}
