import PassimConfig
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct AuditLogTests {
    private let tree: TemporaryTree
    private let recorded = RecordedLog()

    init() throws {
        tree = try TemporaryTree()
    }

    private func makeLog(
        limit: Int = 65536, clients: LogClients = .full, holding: UInt64 = 60_000_000_000
    ) -> AuditLog {
        AuditLog(
            path: tree.absolute("audit.log"), clients: clients, logger: recorded.logger, limit: limit,
            holding: holding)
    }

    /// A share of a file of so many bytes.
    private func share(_ number: Int) -> Delivery {
        let zero = Timestamp(seconds: 0, nanoseconds: 0)
        let entry = Entry(
            id: EntryID(0), digest: Digest(words: (UInt64(number), 5, 6, 7)),
            identity: FileIdentity(device: 0, inode: 0, size: UInt64(number), modified: zero, changed: zero),
            origin: .published, directory: DirectoryID(0), flags: [])
        return Delivery(
            entry: entry, filename: RawName("file"), address: IPAddress("192.0.2.9")!,
            reserved: UInt64(number), sent: UInt64(number), isComplete: true)
    }

    private func lines() -> [String] {
        ((try? tree.read("audit.log")) ?? []).split(separator: 0x0A).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func linesComeWithoutAStop() async throws {
        let log = makeLog()
        try log.start()
        log.record(share: share(3))
        #expect(await becomesTrue { lines().count == 1 })
        #expect(lines()[0].hasSuffix(",basename=file,size=3,ipaddr=192.0.2.9"))
        log.stop()
    }

    @Test func allKindsOfLinesAreThereAfterAStop() throws {
        let log = makeLog(clients: .none)
        try log.start()
        let before = wallClock().seconds
        let item = ItemDescription(
            digest: share(1).entry.digest, filename: RawName("a,b"), cmdline: "fwupd", size: 4, created: 0)
        log.record(published: item)
        log.record(share: share(2))
        log.clients = .subnet
        log.record(deleted: item.digest, filename: item.filename)
        log.stop()
        let parsed = lines().map { AuditLine(Array($0.utf8)) }
        #expect(
            parsed.map { $0?.event } == [
                .published(size: 4, cmdline: "fwupd"), .shared(size: 2, client: "192.0.2.0/24"), .deleted,
            ])
        #expect(parsed.allSatisfy { before...wallClock().seconds ~= $0?.time ?? 0 })
        #expect(parsed[0]?.basename == RawName("a,b") && recorded.warnings.isEmpty)
    }

    // MARK: - Repeats

    @Test func repeatsOfOneClientAreOneLineAndTheirSizesAddUp() throws {
        let log = makeLog()
        try log.start()
        for _ in 0..<100_000 { log.record(share: share(7)) }
        log.stop()
        let lines = lines()
        // Ten in each second that it took.
        #expect(lines.count < 1000)
        #expect(lines.contains { $0.contains(",count=") })
        #expect(try AuditScan.sum(tree.absolute("audit.log")).bytes == 700_000)
        #expect(!tree.exists("audit.log.held"))
    }

    /// What is held when the process is killed is found by the next one, once.
    @Test func heldLinesOutliveTheProcess() async throws {
        // However late this test comes to look.
        let killed = makeLog(holding: 3_600_000_000_000)
        try killed.start()
        for _ in 0..<100 { killed.record(share: share(7)) }
        #expect(await becomesTrue { tree.exists("audit.log.held") })
        #expect(
            await becomesTrue {
                let held = (try? AuditScan.sum(tree.absolute("audit.log.held")).bytes) ?? 0
                return held + ((try? AuditScan.sum(tree.absolute("audit.log")).bytes) ?? 0) == 700
            })
        func recover(_ path: String) throws -> UInt64 {
            let log = AuditLog(path: tree.absolute(path), clients: .full, logger: recorded.logger)
            for _ in 0..<2 { log.recover() }
            #expect(!tree.exists("\(path).held"))
            return try AuditScan.sum(tree.absolute(path)).bytes
        }
        // As if it had gone.
        let held = try tree.read("audit.log.held")
        try tree.write("copy/audit.log", tree.read("audit.log"))
        try tree.write("copy/audit.log.held", held)
        #expect(try recover("copy/audit.log") == 700)
        // Nor is anything there twice where it was killed just after the line had been written.
        killed.stop()
        try tree.write("audit.log.held", held)
        #expect(try recover("audit.log") == 700)
        // The same again within the same second is another line.
        let place = try tree.status("audit.log")
        let lines = held.drop { $0 != 0x0A }.dropFirst()
        try tree.write("audit.log.held", Array("\(place.inode) \(place.size)\n".utf8) + lines)
        let sum = try AuditScan.sum(tree.absolute("audit.log.held")).bytes
        #expect(try recover("audit.log") == 700 + sum)
        #expect(sum > 0)
    }

    @Test func linesOfManyThreadsAreAllThereAndWhole() throws {
        let log = makeLog(limit: 100_000)
        try log.start()
        let threads = try (0..<8).map { number in
            try SystemThread(name: "server") {
                for count in 0..<2000 { log.record(share: share(number * 2000 + count)) }
            }
        }
        for thread in threads { thread.join() }
        log.stop()
        let sizes = lines().compactMap { line -> UInt64? in
            if case .shared(let size, _)? = AuditLine(Array(line.utf8))?.event { size } else { nil }
        }
        #expect(sizes.sorted() == (0..<16000).map { UInt64($0) })
    }

    @Test func whatIsTooMuchIsDroppedAndSaidOnce() throws {
        let log = makeLog(limit: 10)
        for number in 0..<35 { log.record(share: share(number)) }
        try log.start()
        log.stop()
        #expect(lines().count == 10)
        #expect(recorded.warnings.count == 1 && recorded.warnings[0].contains("25 lines were lost"))
    }

    @Test func afterReopeningLinesGoToTheNewFile() async throws {
        let log = makeLog()
        try log.start()
        log.record(share: share(1))
        #expect(await becomesTrue { lines().count == 1 })
        try tree.rename("audit.log", to: "audit.log.1")
        log.record(share: share(2))
        log.reopen()
        #expect(await becomesTrue { tree.exists("audit.log") })
        log.record(share: share(3))
        log.stop()
        #expect(lines().count == 1 && lines()[0].contains("size=3"))
        #expect(try tree.read("audit.log.1").count { $0 == 0x0A } == 2)
    }

    @Test func logThatCannotBeOpenedHarmsNobody() throws {
        try tree.makeDirectory("audit.log")
        let log = makeLog()
        try log.start()
        log.record(share: share(1))
        log.stop()
        #expect(recorded.warnings.count == 2, "\(recorded.warnings)")
    }
}
