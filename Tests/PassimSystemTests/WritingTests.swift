import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite struct WritingTests {
    private let scratch = ScratchDirectory()

    @Test func everythingIsWritten() throws {
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let path = try scratch.write("file", content)
        #expect(try Descriptor.open(path, .readOnly).readAll(limit: 3_000_000) == content)
    }

    @Test func fullDiskIsAnError() throws {
        let full = try Descriptor.open("/dev/full", .writeOnly)
        let error = #expect(throws: SystemError.self) { try full.writeAll([1]) }
        #expect(error?.code == .noSpace)
    }

    @Test func directoriesAreMadeAsNeeded() throws {
        try makeDirectories(scratch.path + "/a/b//c/", mode: 0o700)
        let made = try Descriptor.open(scratch.path + "/a/b/c", [.readOnly, .directory])
        #expect(try made.status().mode == 0o700)
        #expect(try made.status().kind == .directory)
        // Again, and through a symlink.
        scratch.makeSymlink("link", to: "a")
        try makeDirectories(scratch.path + "/link/b/c/d", mode: 0o755)
        #expect(try Descriptor.open(scratch.path + "/a/b/c/d", .readOnly).status().kind == .directory)
        #expect(try made.status().mode == 0o700)
    }

    /// To Swift, an accent and the slash before it are one character.
    @Test func directoriesWhoseNamesBeginWithAnAccentAreMade() throws {
        try makeDirectories(scratch.path + "/a/\u{301}b/\u{301}c", mode: 0o700)
        let made = try Descriptor.open(scratch.path + "/a/\u{301}b/\u{301}c", .readOnly)
        #expect(try made.status().kind == .directory)
    }

    @Test(arguments: [
        ("/", "/"), ("/a", "/"), ("/a/b", "/a"), ("a", "."), ("a/b", "a"), ("", "."),
        ("/\u{301}a", "/"), ("/a/\u{301}b", "/a"),
    ])
    func directoryOfAPathIsTold(path: String, parent: String) {
        // As bytes: to strings, canonically equivalent ones are equal.
        #expect(parentDirectory(of: path).utf8.elementsEqual(parent.utf8))
    }

    @Test func fileInTheWayOfADirectoryIsAnError() throws {
        let path = try scratch.write("file", "x")
        for wanted in [path, path + "/below"] {
            let error = #expect(throws: SystemError.self) { try makeDirectories(wanted, mode: 0o755) }
            #expect(error == SystemError(code: .notDirectory, call: .mkdirat, subject: path))
        }
    }

    @Test func readOnlyParentOfAnExistingDirectoryIsNoError() throws {
        try scratch.makeDirectory("a/b")
        let plan = FaultPlan([.mkdirat: Array(repeating: .readOnly, count: 10)])
        FaultPlan.$current.withValue(plan) {
            #expect(throws: Never.self) { try makeDirectories(scratch.path + "/a/b", mode: 0o755) }
            let error = #expect(throws: SystemError.self) {
                try makeDirectories(scratch.path + "/a/c", mode: 0o755)
            }
            #expect(error?.code == .readOnly)
        }
    }

    @Test func renameReplacesAndUnlinkRemoves() throws {
        try scratch.write("new", "new")
        try scratch.write("old", "old")
        let directory = try scratch.open()
        try directory.rename(RawName("new"), to: RawName("old"))
        #expect(try directory.open(RawName("old"), .readOnly).readAll(limit: 9) == Array("new".utf8))
        try directory.unlink(RawName("old"))
        let error = #expect(throws: SystemError.self) { try directory.unlink(RawName("old")) }
        #expect(error?.code == .notFound)
    }

    @Test func renameWithoutReplacingLeavesWhatIsThere() throws {
        try scratch.write("new", "new")
        try scratch.write("old", "old")
        let directory = try scratch.open()
        // The second time as on a file system that has no such flag.
        for faults: [SystemError.Code?] in [[], [.invalid]] {
            FaultPlan.$current.withValue(FaultPlan([.renameat: faults])) {
                let error = #expect(throws: SystemError.self) {
                    try directory.renameWithoutReplacing(RawName("new"), to: RawName("old"))
                }
                #expect(error?.code == .exists)
            }
        }
        #expect(try directory.open(RawName("old"), .readOnly).readAll(limit: 9) == Array("old".utf8))
        try directory.renameWithoutReplacing(RawName("new"), to: RawName("third"))
        #expect(try directory.open(RawName("third"), .readOnly).readAll(limit: 9) == Array("new".utf8))
    }

    @Test func modeIsChanged() throws {
        let file = try Descriptor.open(try scratch.write("file", ""), .readOnly)
        try file.changeMode(0o640)
        #expect(try file.status().mode == 0o640)
        try file.sync()
    }
}
