import PassimCore
import Testing

@testable import PassimIndex

struct PathFilterTests {
    @Test(arguments: [
        ("fw", "a/FW-1.cab", true), ("A/F", "a/fw-1.cab", true), ("fw-2", "a/fw-1.cab", false),
        ("cab", "cab", true), ("cabb", "cab", false), ("Ä", "bär", true), ("é", "e", false),
        ("[", "{", false), ("@", "`", false),
    ])
    func partOfAPathMatchesInAnyCase(filter: String, path: String, expected: Bool) {
        #expect(PathFilter(filter).matches(RawName(path)) == expected)
    }

    @Test func pathThatIsNoTextMatchesByItsTextParts() {
        let path = RawName(bytes: [0xFF, 0x41, 0xC3, 0x84, 0xFE])
        #expect(PathFilter("a").matches(path))
        #expect(PathFilter("ä").matches(path))
        #expect(!PathFilter("b").matches(path))
    }

    @Test func digestMatchesByItsBeginningOnly() {
        let entry = Entry(
            id: EntryID(0), digest: .make(1), identity: .make(1), origin: someOrigin,
            directory: DirectoryID(0),
            flags: [])
        let item = Item(entry: entry, path: RawName("~"))
        let hex = entry.digest.hex
        for length in 1...64 {
            #expect(PathFilter(String(hex.prefix(length)).uppercased()).matches(item))
        }
        #expect(!PathFilter(hex + "0").matches(item))
        #expect(!PathFilter(String(hex.dropFirst().prefix(40))).matches(item))
    }
}
