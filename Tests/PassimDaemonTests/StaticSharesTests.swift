import PassimCore
import PassimTestKit
import Testing

@testable import PassimDaemon

@Suite struct StaticSharesTests {
    private let shares = StaticShares()

    /// - Returns: whether that completes a share.
    private func send(_ bytes: UInt64, of reserved: UInt64, size: UInt64 = 100, to client: UInt32 = 1) -> Bool
    {
        let zero = Timestamp(seconds: 0, nanoseconds: 0)
        let entry = Entry(
            id: EntryID(0), digest: Digest(words: (1, 2, 3, size)),
            identity: FileIdentity(device: 0, inode: 0, size: size, modified: zero, changed: zero),
            origin: OriginID(1), directory: DirectoryID(0), flags: [])
        return shares.end(
            Delivery(
                entry: entry, filename: RawName("file"), address: IPAddress(ipv4: client), reserved: reserved,
                sent: bytes, isComplete: bytes == reserved))
    }

    @Test func partsOfOneAddressAreAShareTogether() {
        #expect(!send(60, of: 60) && !send(30, of: 100, to: 2))
        #expect(send(60, of: 60) && !send(69, of: 100, to: 2))
        // 20 are left of the first, and 99 of the second.
        #expect(send(80, of: 80) && send(1, of: 1, to: 2))
        #expect(!send(99, of: 99) && !send(99, of: 99, to: 2))
    }

    @Test func wholeFileLeavesWhatWasHadInPartsAsItIs() {
        #expect(!send(60, of: 60) && send(100, of: 100) && send(40, of: 40))
    }

    @Test func emptyFileIsAShareUnlessItIsCutOff() {
        #expect(send(0, of: 0, size: 0) && send(0, of: 0, size: 0))
        #expect(!send(0, of: 100))
    }

    // MARK: Counts

    @Test func countsOfTheMostWantedOutliveTheDaemon() throws {
        let tree = try TemporaryTree()
        let counts = StaticShareCounts(path: tree.absolute("shares"))
        for number in 0..<1500 { counts.add(Digest(of: "\(number)")) }
        for _ in 0..<3 { counts.add(Digest(of: "7")) }
        #expect(counts[Digest(of: "7")] == 4)
        #expect(counts[Digest(of: "8")] == 1)
        #expect(counts[Digest(of: "none")] == 0)
        try counts.save()
        let next = StaticShareCounts(path: tree.absolute("shares"))
        next.load()
        #expect(next[Digest(of: "7")] == 4)
        #expect((0..<1500).count { next[Digest(of: "\($0)")] > 0 } == StaticShareCounts.kept)
    }

    @Test(arguments: ["", "x\n", "\n\n", "abc 5\n", String(repeating: "0", count: 64) + " -1\n"])
    func fileThatIsNotUnderstoodCountsNothing(text: String) throws {
        let tree = try TemporaryTree()
        try tree.write("shares", text)
        let counts = StaticShareCounts(path: tree.absolute("shares"))
        counts.load()
        #expect(counts[Digest(words: (0, 0, 0, 0))] == 0)
    }

    @Test func tableIsBoundedAndTheMostWantedStay() throws {
        let counts = StaticShareCounts(path: "/none", capacity: 100)
        for _ in 0..<5 { counts.add(Digest(of: "wanted")) }
        for number in 0..<10_000 { counts.add(Digest(of: "\(number)")) }
        #expect(counts[Digest(of: "wanted")] == 5)
        #expect((0..<10_000).count { counts[Digest(of: "\($0)")] > 0 } <= 100)
    }
}
