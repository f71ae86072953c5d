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

    private func makeLog(limit: Int = 65536, clients: LogClients = .full) -> AuditLog {
        AuditLog(
            path: tree.absolute("audit.log"), clients: clients, logger: recorded.logger, limit: limit)
    }

    private func share(_ number: Int) -> Share {
        let zero = Timestamp(seconds: 0, nanoseconds: 0)
        let entry = Entry(
            id: EntryID(0), digest: Digest(words: (5, 6, 7, UInt64(number))),
            identity: FileIdentity(device: 0, inode: 0, size: 1, modified: zero, changed: zero),
            origin: .published, directory: DirectoryID(0), flags: [])
        return Share(
            entry: entry, filename: RawName("file"), address: IPAddress("192.0.2.9")!, bytes: UInt64(number))
    }

    private func lines() -> [String] {
        ((try? tree.read("audit.log")) ?? []).split(separator: 0x0A).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    @Test func linesComeWithoutAStop() async throws {
        let log = makeLog()
        try log.start()
        log.record(share(3))
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
        log.record(share(2))
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

    @Test func linesOfManyThreadsAreAllThereAndWhole() throws {
        let log = makeLog(limit: 100_000)
        try log.start()
        let threads = try (0..<8).map { number in
            try SystemThread(name: "server") {
                for count in 0..<2000 { log.record(share(number * 2000 + count)) }
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
        for number in 0..<35 { log.record(share(number)) }
        try log.start()
        log.stop()
        #expect(lines().count == 10)
        #expect(recorded.warnings.count == 1 && recorded.warnings[0].contains("25 lines were lost"))
    }

    @Test func afterReopeningLinesGoToTheNewFile() async throws {
        let log = makeLog()
        try log.start()
        log.record(share(1))
        #expect(await becomesTrue { lines().count == 1 })
        try tree.rename("audit.log", to: "audit.log.1")
        log.record(share(2))
        log.reopen()
        #expect(await becomesTrue { tree.exists("audit.log") })
        log.record(share(3))
        log.stop()
        #expect(lines().count == 1 && lines()[0].contains("size=3"))
        #expect(try tree.read("audit.log.1").count { $0 == 0x0A } == 2)
    }

    @Test func logThatCannotBeOpenedHarmsNobody() throws {
        try tree.makeDirectory("audit.log")
        let log = makeLog()
        try log.start()
        log.record(share(1))
        log.stop()
        #expect(recorded.warnings.count == 2, "\(recorded.warnings)")
    }
}
