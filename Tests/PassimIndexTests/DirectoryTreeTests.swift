import PassimCore
import Testing

@testable import PassimIndex

struct DirectoryTreeTests {
    private let file = RawName("f")

    @Test func samePathHasSameID() {
        var tree = DirectoryTree(limit: 128)
        let deep = tree.intern(origin: someOrigin, path: RawName("a/b/c"), stamp: 1)
        expect(tree.intern(origin: someOrigin, path: RawName("a/b/c"), stamp: 2) == deep)
        expect(tree.find(origin: someOrigin, path: RawName("a/b/c")) == deep)
        expect(tree.intern(origin: OriginID(8), path: RawName("a/b/c"), stamp: 1) != deep)
        expect(tree.find(origin: someOrigin, path: RawName("a/c")) == nil)
        expect(tree.find(origin: OriginID(9), path: .empty) == nil)
        expect(tree.path(of: deep, appending: file) == RawName("a/b/c/f"))
        expect(tree.origin(of: deep) == someOrigin)
        let root = tree.intern(origin: someOrigin, path: .empty, stamp: 1)
        expect(tree.path(of: root, appending: file) == file)
    }

    @Test func pathsFarPastTheKernelsLimitAreKept() {
        var tree = DirectoryTree(limit: 1024)
        let component = String(repeating: "x", count: 255)
        let path = RawName((0..<300).map { _ in component }.joined(separator: "/"))
        let id = tree.intern(origin: someOrigin, path: path, stamp: 1)
        expect(tree.path(of: id, appending: file) == path.appending(file))
    }

    @Test func fullTreeAnswersNowhere() {
        var tree = DirectoryTree(limit: 64)
        for number in 0..<63 {
            expect(
                tree.intern(origin: someOrigin, path: RawName("\(number)"), stamp: 1) != DirectoryTree.nowhere
            )
        }
        expect(tree.intern(origin: someOrigin, path: RawName("more"), stamp: 1) == DirectoryTree.nowhere)
        expect(tree.index(of: DirectoryTree.nowhere) == nil)
    }

    @Test func subtreeNamesChildrenBeforeParents() {
        var tree = DirectoryTree(limit: 128)
        let paths = ["a", "a/b", "a/b/c", "a/d", "e"]
        let ids = paths.map { tree.intern(origin: someOrigin, path: RawName($0), stamp: 1) }
        let below = tree.subtree(ids[0])
        expect(Set(below) == Set(ids[..<4]))
        expect(below.last == ids[0])
        expect(below.firstIndex(of: ids[2])! < below.firstIndex(of: ids[1])!)
    }

    @Test func reclaimedIDIsNotTakenForTheDirectoryThatFollows() {
        var tree = DirectoryTree(limit: 64)
        var known: Set<DirectoryID> = []
        for round in 1...200 {
            let id = tree.intern(origin: someOrigin, path: RawName("\(round)"), stamp: 1)
            expect(known.insert(id).inserted)
            expect(tree.retire(id, notUsedSince: 2, number: UInt32(round)))
            tree.reclaim(id, number: UInt32(round), holdsFiles: false)
            expect(tree.index(of: id) == nil)
            expect(tree.path(of: id, appending: file) == nil)
        }
        expect(tree.count == 1)
    }

    @Test func useEndsARetirement() {
        var tree = DirectoryTree(limit: 64)
        let id = tree.intern(origin: someOrigin, path: RawName("a"), stamp: 1)
        expect(!tree.retire(id, notUsedSince: 1, number: 1))
        expect(tree.retire(id, notUsedSince: 2, number: 1))
        tree.use(id, stamp: 2)
        tree.reclaim(id, number: 1, holdsFiles: false)
        expect(tree.index(of: id) != nil)
        expect(tree.retire(id, notUsedSince: 3, number: 2))
        tree.reclaim(id, number: 1, holdsFiles: false)
        expect(tree.index(of: id) != nil)
        tree.reclaim(id, number: 2, holdsFiles: true)
        expect(tree.index(of: id) != nil)
    }

    @Test func namesSurviveCompaction() {
        var tree = DirectoryTree(limit: 4096)
        let kept = tree.intern(origin: someOrigin, path: RawName("kept/deep"), stamp: 9)
        for number in 1...2000 {
            let id = tree.intern(origin: someOrigin, path: RawName("passing-by-\(number)"), stamp: 1)
            expect(tree.retire(id, notUsedSince: 2, number: UInt32(number)))
            tree.reclaim(id, number: UInt32(number), holdsFiles: false)
        }
        expect(tree.path(of: kept, appending: file) == RawName("kept/deep/f"))
        expect(tree.find(origin: someOrigin, path: RawName("kept/deep")) == kept)
    }
}
