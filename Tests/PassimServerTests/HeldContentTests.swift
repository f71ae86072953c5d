import PassimCore
import PassimIndex
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// Small files that are asked for often are sent from memory.
@Suite struct HeldContentTests {
    private let tree: TemporaryTree
    private let index = DigestIndex()
    private let content = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    init() throws {
        tree = try TemporaryTree()
    }

    /// - Parameter digest: by the index; nil: that of the content.
    private func open(_ digest: Digest? = nil) throws -> PreparedFile {
        try tree.write("small", content)
        let directory = index.directory(origin: TestServer.origin, path: .empty)
        let digest = digest ?? Digest(of: content)
        index.apply([
            .insert(
                directory: directory, name: RawName("small"), digest: digest,
                identity: try Descriptor.open(tree.absolute("small"), .readOnly).status().identity, flags: [])
        ])
        let entry = try #require(index.find(digest))
        return try PreparedFile.open(
            PreparedFile.Source(
                entry: entry, path: RawName("small"),
                origin: ServedOrigin(id: TestServer.origin, path: tree.path, cooldown: 0, maxRate: 0),
                descriptors: 1 << 20, threads: FileThreads(), systems: LocalFileSystems(), index: index))
    }

    private func read(_ file: PreparedFile, at offset: UInt64, _ count: Int, now: UInt64) throws -> [UInt8]? {
        var read: Int?
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { read = try file.readHeld(into: $0, at: offset, now: now) }
        return read.map { Array(bytes[..<$0]) }
    }

    private static let second: UInt64 = 1_000_000_000

    @Test func wholeAndPartsComeFromMemoryUntilTheFileIsLookedAt() throws {
        let file = try open()
        let now = 5 * HeldContentTests.second
        #expect(try read(file, at: 0, 5000, now: now) == nil)
        for _ in 0..<15 { #expect(!file.isWorthHolding()) }
        #expect(file.isWorthHolding())
        try file.hold(now: now)
        // It may be a file system whose page cache cannot be asked, where nothing is kept.
        try #require(file.heldCount == 5000)
        #expect(try read(file, at: 0, 5000, now: now) == content)
        #expect(try read(file, at: 4000, 48_000, now: now) == Array(content[4000...]))
        #expect(try read(file, at: 5000, 10, now: now) == nil)
        #expect(!file.isWorthHolding())
        try tree.overwrite("small", at: 0, [9])
        #expect(try read(file, at: 0, 5000, now: now + HeldContentTests.second / 20) == content)
        #expect(try read(file, at: 0, 5000, now: now + HeldContentTests.second / 10) == nil)
        #expect(file.heldCount == 0)
    }

    @Test func contentThatDoesNotBelongToTheDigestIsNotKept() throws {
        let file = try open(Digest(of: "other bytes"))
        #expect(throws: PreparedFile.Fault.stale) { try file.hold(now: 0) }
        #expect(file.heldCount == 0)
    }

    @Test func contentIsHashedOverTheServerToo() async throws {
        try await withServer { test in
            try test.tree.write("small", [1, 2, 3])
            // As after a rot that the index knows nothing of.
            let digest = Digest(of: [3, 2, 1])
            try test.know("small", as: digest)
            let client = try test.client()
            var answers = 0
            while answers < 100 {
                try client.get(digest)
                if try client.answer().status == 404 { break }
                answers += 1
            }
            #expect(answers < 20)
            #expect(test.stale.paths == ["small"])
        }
    }

    /// Whatever happens to it, no other bytes are sent, and soon none.
    @Test(arguments: StaleFilesTests.Mischief.allCases)
    func changedFileIsUnknownSoon(mischief: StaleFilesTests.Mischief) async throws {
        try await withServer { test in
            let digest = try test.add("victim", [1, 2, 3])
            let client = try test.client()
            for _ in 0..<40 {
                try client.get(digest)
                #expect(try client.answer().body == [1, 2, 3])
            }
            try mischief.happen(to: test)
            let end = ContinuousClock.now + .seconds(30)
            while true {
                try client.get(digest)
                let answer = try client.answer()
                if answer.status == 404 { break }
                #expect(answer.body == [1, 2, 3])
                guard ContinuousClock.now < end else { throw TestFailure("it is still sent") }
            }
            #expect(test.stale.paths == ["victim"])
        }
    }

    /// What a name stands for is looked at each time.
    @Test func fileByNameIsLookedAt() async throws {
        try await withServer { test in
            let digest = try test.add("victim", [1, 2, 3])
            test.origins.replace([
                ServedOrigin(
                    id: TestServer.origin, path: test.tree.path, cooldown: 0, maxRate: 0,
                    names: .init(prefix: .empty) { _ in false })
            ])
            let client = try test.client()
            for _ in 0..<40 {
                try client.get(digest)
                #expect(try client.answer().body == [1, 2, 3])
            }
            try StaleFilesTests.Mischief.rewrittenWithTimesPutBack.happen(to: test)
            try client.tls.send("GET /victim HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(try client.answer().status != 200)
        }
    }
}
