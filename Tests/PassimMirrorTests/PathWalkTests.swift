import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

/// Where a configured path leads, and who could have led it there.
@Suite struct PathWalkTests {
    private let tree: TemporaryTree
    private static let stranger: UInt32 = 4711

    init() throws {
        tree = try TemporaryTree()
        for path in ["users/alice/mine", "srv/mirror", "own/lib/passim"] { try tree.makeDirectory(path) }
    }

    private func give(_ paths: String...) throws {
        for path in paths {
            try Command.succeed(["chown", "-h", "\(PathWalkTests.stranger)", tree.absolute(path)])
        }
    }

    private func walk(
        _ path: String, privates: [String] = [], trusting users: Set<UInt32>? = []
    ) -> (end: InodeID?, failure: PathWalk.Failure?) {
        let privates = PrivateDirectories(privates.map(tree.absolute))
        do throws(PathWalk.Failure) {
            let end = try PathWalk(privates, trusting: users).run(tree.absolute(path))
            return (try InodeID(of: end), nil)
        } catch {
            return (nil, error)
        }
    }

    private func refusal(_ path: String, privates: [String] = []) -> String? {
        guard case .refused(let sentence) = walk(path, privates: privates).failure else { return nil }
        return sentence
    }

    private func identity(_ path: String) throws -> InodeID {
        InodeID(try Descriptor.open(tree.absolute(path), [.path, .directory]).status().identity)
    }

    // MARK: The way

    @Test func walkEndsWhereTheKernelEnds() throws {
        try tree.symlink("one", to: "two")
        try tree.symlink("two", to: tree.absolute("srv"))
        try tree.symlink("dots", to: "./two/.././srv//mirror/")
        for path in ["srv/mirror", "one/mirror", "dots", "dots/../mirror", "one/../srv/mirror"] {
            #expect(walk(path).end == (try identity(path)), "\(path)")
        }
        #expect(walk("/").end != nil)
    }

    @Test(arguments: [
        ("none", SystemError.Code.notFound), ("srv/none/x", .notFound), ("file", .notDirectory),
        ("file/x", .notDirectory), ("loop", .tooManyLinks), ("loop/x", .tooManyLinks),
    ])
    func wayThatEndsIsAnError(path: String, code: SystemError.Code) throws {
        try tree.write("file", "")
        try tree.symlink("loop", to: "loop")
        guard case .system(let error) = walk(path).failure else {
            Issue.record("\(path) leads somewhere")
            return
        }
        #expect(error.code == code)
    }

    @Test func fortyLinksAreFollowedAndNoMore() throws {
        try tree.symlink("0", to: "srv")
        for number in 1...40 { try tree.symlink("\(number)", to: "\(number - 1)") }
        #expect(walk("39").end == (try identity("srv")))
        #expect(walk("40").end == nil)
        #expect(throws: SystemError.self) { try identity("40") }
    }

    @Test func eachStepIsToldBeforeItsNameIsLookedUp() throws {
        try tree.symlink("link", to: "srv/mirror")
        var steps: [(InodeID?, RawName)] = []
        _ = try? PathWalk(PrivateDirectories()).run(tree.absolute("link/none/x")) { directory, name in
            steps.append((try? InodeID(of: directory), name))
        }
        let expected = [("", "link"), ("", "srv"), ("srv", "mirror"), ("srv/mirror", "none")]
        #expect(steps.suffix(4).map(\.1) == expected.map { RawName($0.1) })
        #expect(steps.suffix(4).map(\.0) == (try expected.map { try identity($0.0) }))
    }

    // MARK: Owners

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func linkOfAStrangerIsRefusedAndTheMendingIsNamed() throws {
        try tree.symlink("srv/link", to: tree.absolute("own/lib/passim"))
        try tree.symlink("srv/near", to: "mirror")
        try give("srv/link", "srv/near")
        for name in ["link", "near"] {
            let link = tree.absolute("srv/\(name)")
            #expect(refusal("srv/\(name)")?.contains("the link \(link) belongs to user 4711") == true)
            #expect(refusal("srv/\(name)")?.hasSuffix("chown -h root \(link)") == true)
            try Command.succeed(["sh", "-c", "chown -h root '\(link)'"])
            #expect(walk("srv/\(name)").end != nil)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func directoryOfRootBelowOneOfAStrangerIsRefusedAndTheMendingIsNamed() throws {
        try give("users/alice")
        let (alice, mine) = (tree.absolute("users/alice"), tree.absolute("users/alice/mine"))
        let sentence = try #require(refusal("users/alice/mine"))
        #expect(
            sentence.contains("\(alice) belongs to user 4711") && sentence.contains("in the place of \(mine)")
        )
        let command = try #require(sentence.split(separator: "to share it: ").last)
        try Command.succeed(["sh", "-c", String(command)])
        #expect(walk("users/alice/mine").end != nil)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func whatBelongsToStrangersFromThereOnIsNot() throws {
        try give("users/alice", "users/alice/mine", "srv/mirror")
        #expect(walk("users/alice/mine").end != nil)
        #expect(walk("srv/mirror").end != nil)
        // Back to root.
        #expect(refusal("users/alice/../../srv/mirror") != nil)
        try tree.symlink("users/alice/link", to: "mine")
        #expect(refusal("users/alice/link") != nil)
        try give("users/alice/link")
        #expect(walk("users/alice/link").end != nil)
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func usersThatAreTrustedMayLeadAnywhere() throws {
        try tree.symlink("link", to: tree.absolute("srv"))
        try give("link", "users/alice")
        for path in ["link", "users/alice/mine"] {
            #expect(walk(path).end == nil)
            #expect(walk(path, trusting: [PathWalkTests.stranger]).end != nil)
            #expect(walk(path, trusting: nil).end != nil)
        }
    }

    // MARK: Directories of the daemon

    @Test func directoryOfTheDaemonIsRefusedWhateverLeadsThere() throws {
        try tree.symlink("link", to: "own")
        try tree.makeDirectory("own/lib/passim/data")
        for path in [
            "own/lib/passim", "link/lib/passim", "own/lib/passim/data", "link/lib/passim/../passim/data",
        ] {
            #expect(
                refusal(path, privates: ["link/lib/passim"])?.hasPrefix(
                    "\(tree.absolute("own/lib/passim")) is passimd's own directory") == true, "\(path)")
            #expect(walk(path).end != nil)
        }
        #expect(walk("own/lib", privates: ["own/lib/passim"]).end != nil)
    }

    @Test func directoryOfTheDaemonThatIsMadeLaterIsRefused() throws {
        let privates = PrivateDirectories([tree.absolute("later")])
        try tree.makeDirectory("later")
        let walk = PathWalk(privates)
        #expect(throws: PathWalk.Failure.self) { _ = try walk.run(tree.absolute("later")) }
        #expect(privates.contains(try Descriptor.open(tree.absolute("later"), [.path]).status().identity))
        #expect(!privates.contains(try Descriptor.open(tree.absolute("srv"), [.path]).status().identity))
    }
}
