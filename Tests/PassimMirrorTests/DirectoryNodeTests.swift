import PassimCore
import Testing

@testable import PassimMirror

@Suite struct DirectoryNodeTests {
    @Test func deepChainOfDirectoriesIsLetGoWithoutRecursion() throws {
        var here = try makeNode(1)
        for _ in 0..<500_000 { here = DirectoryNode(walk: here.walk, parent: here, name: RawName("d")) }
        #expect(here.path.bytes.count == 999_999)
    }
}
