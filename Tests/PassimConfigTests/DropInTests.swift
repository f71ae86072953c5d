import PassimCore
import PassimGLib
import PassimTestKit
import Testing

@testable import PassimConfig

@Suite struct DropInTests {
    private func dropIn(
        include: [String] = [], exclude: [String]? = nil, recursive: Bool = true
    ) throws -> DropIn {
        var dropIn = DropIn(name: "x.conf", file: "/etc/passim.d/x.conf", path: "/srv/x")
        dropIn.recursive = recursive
        dropIn.include = try include.map { try Glob($0) }
        if let exclude { dropIn.exclude = try exclude.map { try Glob($0) } }
        return dropIn
    }

    @Test(arguments: [
        ".firmware.cab.a1B2c3", "x/.firmware.cab.a1B2c3", ".~tmp~/a.cab", "x/.rsync-partial/a.cab", "a.tmp",
        "a.cab.part", "a.cab.aria2", "a.aria2__temp", "partial/a.deb", "a.deb.FAILED",
        "tmpdir.Ab3dE6/repomd.xml",
        ".repodata/repomd.xml", ".git/config", "x/.git/objects/ab/cd", "lost+found/#12345",
    ])
    func temporariesAreNotSharedByDefault(path: String) throws {
        #expect(try !dropIn().accepts(RawName(path)))
        #expect(try dropIn(exclude: []).accepts(RawName(path)))
    }

    @Test(arguments: [
        "a.cab", ".hidden", ".hidden/a", "x/.config.json", "partial", "lost+found.txt", ".gitignore", ".git",
        "a.tmpl", "x.git/config", ".name.toolong", ".a.b1c2d",
    ])
    func otherFilesAreSharedByDefault(path: String) throws {
        #expect(try dropIn().accepts(RawName(path)))
    }

    private func read(_ settings: String) throws -> (DropIn, [String]) {
        let file = "/etc/passim.d/x.conf"
        let text = "[passim]\nPath=/srv/x\n\(settings)\n"
        let (dropIn, complaints) = try DropIn.read(try KeyFile(Array(text.utf8)), name: "x.conf", file: file)
        return (dropIn, complaints.map { "\($0)" })
    }

    @Test(arguments: [
        ("/lvfs", "lvfs"), ("/lvfs/", "lvfs"), ("/a/b c", "a/b c"), ("/", ""), ("", ""), ("/%61", "%61"),
    ])
    func prefixIsAPath(written: String, prefix: String) throws {
        let (dropIn, complaints) = try read("Names=true\nPrefix=\(written)")
        #expect(dropIn.names)
        #expect(dropIn.prefix == RawName(prefix))
        #expect(complaints.isEmpty)
    }

    @Test(arguments: ["lvfs", "//lvfs", "/a//b", "/a/../b", "/.", "/a//"])
    func prefixThatIsNoneHasNothingByName(written: String) throws {
        let (dropIn, complaints) = try read("Names=true\nPrefix=\(written)")
        #expect(!dropIn.names)
        #expect(complaints.count == 1)
        #expect(complaints.first?.contains("Prefix=\(written)") == true)
    }

    @Test func namesAreAskedForInSoManyWords() throws {
        #expect(try !read("").0.names)
        #expect(try read("Names=yes").0.names)
        let (dropIn, complaints) = try read("Names=maybe")
        #expect(!dropIn.names)
        #expect(complaints.count == 1)
        #expect(try read("Prefix=/x").1.first?.contains("Names=true") == true)
    }

    @Test func pathInURLsIsTheOneBelowThePrefix() throws {
        var dropIn = try dropIn()
        #expect(dropIn.pathBelowPrefix(RawName("a/b")) == RawName("a/b"))
        dropIn.prefix = RawName("a")
        #expect(dropIn.pathBelowPrefix(RawName("a/b")) == RawName("b"))
        #expect(dropIn.pathBelowPrefix(RawName("a")) == .empty)
        #expect(dropIn.pathBelowPrefix(RawName("ab")) == nil)
        #expect(dropIn.pathBelowPrefix(RawName("b")) == nil)
    }

    @Test func excludedDirectoryIsNotEntered() throws {
        let dropIn = try dropIn()
        #expect(dropIn.entersDirectory(RawName.empty))
        #expect(dropIn.entersDirectory(RawName("x/y")))
        #expect(!dropIn.entersDirectory(RawName(".git")))
        #expect(!dropIn.entersDirectory(RawName("x/.git/objects")))
        #expect(!dropIn.entersDirectory(RawName("lost+found")))
    }

    @Test func includeNarrowsAndExcludeWins() throws {
        let dropIn = try dropIn(include: ["*.cab", "/docs"], exclude: ["beta/", "*-test.cab"])
        #expect(dropIn.accepts(RawName("x/a.cab")))
        #expect(dropIn.accepts(RawName("docs/deep/readme.txt")))
        #expect(!dropIn.accepts(RawName("x/docs/readme.txt")))
        #expect(!dropIn.accepts(RawName("x/a.xml")))
        #expect(!dropIn.accepts(RawName("beta/a.cab")))
        #expect(!dropIn.accepts(RawName("x/a-test.cab")))
        #expect(!dropIn.accepts(RawName("docs/beta/readme.txt")))
        // What is included may be below a directory that is not.
        #expect(dropIn.entersDirectory(RawName("x")))
    }

    @Test func withoutRecursionOnlyTheDirectoryItselfIsShared() throws {
        let dropIn = try dropIn(recursive: false)
        #expect(dropIn.accepts(RawName("a.cab")))
        #expect(!dropIn.accepts(RawName("x/a.cab")))
        #expect(dropIn.entersDirectory(RawName.empty))
        #expect(!dropIn.entersDirectory(RawName("x")))
    }

    @Test func directoryIsExamined() throws {
        let scratch = ScratchDirectory()
        var dropIn = DropIn(name: "x.conf", file: "x.conf", path: scratch.path)
        #expect(dropIn.examineDirectory() == nil)
        dropIn.path = scratch.path + "/missing"
        #expect(dropIn.examineDirectory()?.message.contains("no such directory") == true)
        dropIn.path = try scratch.write("file", "x")
        #expect(dropIn.examineDirectory()?.message == "not a directory")
        scratch.makeSymlink("link", to: scratch.path)
        dropIn.path = scratch.path + "/link"
        #expect(dropIn.examineDirectory() == nil)
    }

    @Test(arguments: [
        ("72h", 259_200), ("3d", 259_200), ("90 min", 5400), ("45s", 45), ("60", 60), ("0", 0), ("x", nil),
        ("-1", nil),
        ("5 weeks", nil), ("99999999999999999999", nil), ("9999999d", nil), ("", nil),
    ])
    func timeAfterWhichAMirrorIsStaleMayHaveAUnit(text: String, seconds: Int?) throws {
        let tree = try TemporaryTree()
        try tree.write("passim.d/a.conf", "[passim]\nPath=/srv\nStaleAfter=\(text)\n")
        let configuration = Configuration.read(systemConfigurationDirectory: tree.path)
        #expect(configuration.dropIns.first?.staleAfter == seconds)
        #expect(configuration.complaints.isEmpty == (seconds != nil))
    }
}
