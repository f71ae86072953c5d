import PassimCore
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
}
