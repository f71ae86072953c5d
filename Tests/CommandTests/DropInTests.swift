import PassimConfig
import PassimCore
import PassimTestKit
import Testing

@testable import passim

@Suite struct DropInTests {
    @Test(arguments: [
        ("lvfs", "lvfs.conf"), ("lvfs.conf", "lvfs.conf"), ("a.b", "a.b.conf"), ("ü", "ü.conf"),
        ("-x", "-x.conf"), ("with space", "with space.conf"),
    ])
    func nameIsThatOfAFile(argument: String, file: String) {
        #expect(DropInName(argument: argument)?.file == file)
    }

    @Test(arguments: [
        "", ".conf", ".", "..", ".hidden", ".\u{301}hidden", "a/b", "/a", "../a", "a\nb", "a\u{0}b",
        "a\u{7F}", "a\u{FFFD}", String(repeating: "x", count: 251),
    ])
    func nameThatIsNoneIsRefused(argument: String) {
        #expect(DropInName(argument: argument) == nil)
    }

    @Test func anyPathIsReadAsItWasWritten() throws {
        var generator = SeededGenerator()
        let seed = generator.seed
        let tree = try TemporaryTree()
        let odd = Array(" \t\n\r\\;#=[]s$%&\"'ü漢\u{1}\u{7F}\u{2028}").map(String.init)
        var paths: [String] = ["/", "/ a ", "/a\\sb", "/a;b", "/[passim]", "/a=b", "/#", "/a\\", "/\t"]
        for _ in 0..<300 {
            let count = Int.random(in: 0...12, using: &generator)
            paths.append("/" + (0..<count).map { _ in generator.pick(odd) }.joined())
        }
        for (index, path) in paths.enumerated() {
            let name = try #require(DropInName(argument: "\(index)"))
            let file = DropInFile(name, Paths(environment: ["SYSCONFDIR": tree.path]))
            try file.write(DropInFile.text(sharing: path), replaces: false)
        }
        let configuration = Configuration.read(systemConfigurationDirectory: tree.path)
        #expect(configuration.failures.isEmpty, "seed \(seed)")
        let read = Dictionary(uniqueKeysWithValues: configuration.dropIns.map { ($0.name, $0.path) })
        for (index, path) in paths.enumerated() {
            #expect(read["\(index).conf"] == path, "seed \(seed)")
        }
    }

    @Test func fileIsWholeReadableAndNotReplacedUnasked() throws {
        let tree = try TemporaryTree()
        let file = DropInFile(
            try #require(DropInName(argument: "a")), Paths(environment: ["SYSCONFDIR": tree.absolute("etc")]))
        try file.write("one", replaces: false)
        #expect(try tree.status("etc/passim.d/a.conf").mode == 0o644)
        #expect(throws: Failure.self) { try file.write("two", replaces: false) }
        #expect(try tree.read("etc/passim.d/a.conf") == Array("one".utf8))
        try file.write("two", replaces: true)
        #expect(try tree.read("etc/passim.d/a.conf") == Array("two".utf8))
        #expect(try tree.list("etc/passim.d") == [RawName("a.conf")])
        try file.remove()
        #expect(throws: Failure.self) { try file.remove() }
        #expect(try tree.list("etc/passim.d") == [])
    }

    @Test func pathIsMadeAbsolute() throws {
        let tree = try TemporaryTree()
        try tree.makeDirectory("real/below")
        try tree.symlink("link", to: "real/below")
        func absolute(_ path: String) throws -> String { try RawName(path).absolute().description }
        #expect(try absolute("/") == "/")
        #expect(try absolute("//a/./b//c/") == "/a/b/c")
        #expect(try absolute(tree.absolute("link")) == tree.absolute("link"))
        // Where the link leads, and up from there.
        #expect(try absolute(tree.absolute("link/..")) == tree.absolute("real"))
        #expect(throws: Failure.self) { try absolute(tree.absolute("none/..")) }
        let here = try absolute(".")
        #expect(here.hasPrefix("/"))
        #expect(try absolute("a/b") == (here == "/" ? "/a/b" : here + "/a/b"))
    }
}
