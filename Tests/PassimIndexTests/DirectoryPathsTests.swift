import PassimCore
import Testing

@testable import PassimIndex

struct DirectoryPathsTests {
    private let file = RawName("file.cab")

    /// With fewer places than directories, and less room than their paths take.
    @Test(arguments: [1, 100, 5000], [100, 4 << 20])
    func pathsAreThoseOfTheTree(count: Int, room: Int) {
        var tree = DirectoryTree(limit: 8192)
        let directories = (0..<2000).map { number in
            tree.intern(
                origin: someOrigin, path: RawName(number == 0 ? "" : "a\(number % 7)/b\(number)"), stamp: 1)
        }
        var random = SeededGenerator(seed: 5)
        var paths = DirectoryPaths(of: count, room: room, PathFilter("B77"))
        for _ in 0..<500 {
            paths.trim()
            // Places last as long as nothing is trimmed.
            let chosen = (0..<64).map { _ in directories.randomElement(using: &random)! }
            let places = chosen.map { paths.place(of: $0, in: tree) }
            for (directory, place) in zip(chosen, places) {
                guard let place else {
                    Issue.record("\(directory) is not found")
                    continue
                }
                var path: [UInt8] = [1, 2, 3]
                file.bytes.withUnsafeBytes { paths.write(place, appending: $0, to: &path) }
                let wanted = tree.path(of: directory, appending: file)
                expect(RawName(bytes: path) == wanted)
                expect(place.isFound == "\(wanted!)".contains("b77"))
            }
        }
    }

    @Test func reclaimedDirectoriesAreNotFound() {
        var tree = DirectoryTree(limit: 64)
        var paths = DirectoryPaths(of: 10, nil)
        expect(paths.place(of: DirectoryTree.nowhere, in: tree) == nil)
        let old = tree.intern(origin: someOrigin, path: RawName("old"), stamp: 1)
        expect(tree.retire(old, notUsedSince: 2, number: 1))
        tree.reclaim(old, number: 1, holdsFiles: false)
        expect(paths.place(of: old, in: tree) == nil)
        // The number is used again, and is another directory.
        let new = tree.intern(origin: someOrigin, path: RawName("new"), stamp: 3)
        expect(paths.place(of: new, in: tree) != nil)
        expect(paths.place(of: old, in: tree) == nil)
    }

    /// A text with a slash may begin in a directory's name and end in a file's.
    @Test func whatGoesAcrossNamesIsNotToldByTheDirectory() {
        var tree = DirectoryTree(limit: 64)
        let directory = tree.intern(origin: someOrigin, path: RawName("a/b"), stamp: 1)
        for text in ["a/b", "/", "é"] {
            var paths = DirectoryPaths(of: 1, PathFilter(text))
            expect(paths.place(of: directory, in: tree)?.isFound == false)
            #expect(!PathFilter(text).isOfOneComponent)
        }
    }
}
