import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite struct FileReplacementTests {
    @Test func contentIsReplacedAndNothingElseIsLeft() throws {
        let tree = try TemporaryTree()
        let path = tree.absolute("a/b/file")
        try replaceFile(path, with: Array("one".utf8))
        try replaceFile(path, with: Array("two".utf8))
        #expect(try tree.read("a/b/file") == Array("two".utf8))
        #expect(try tree.list("a/b") == [RawName("file")])
        #expect(try tree.status("a/b/file").mode == 0o600 && tree.status("a").mode == 0o700)
    }

    @Test(arguments: [SystemCall.open, .openat, .fchmod, .write, .fsync, .renameat])
    func whereACallFailsTheOldContentStays(_ call: SystemCall) throws {
        let tree = try TemporaryTree()
        let path = tree.absolute("file")
        try replaceFile(path, with: Array("one".utf8))
        #expect(throws: SystemError.self) {
            try FaultPlan.$current.withValue(FaultPlan([call: [.noSpace]])) {
                try replaceFile(path, with: Array("two".utf8))
            }
        }
        #expect(try tree.read("file") == Array("one".utf8) && tree.list("") == [RawName("file")])
    }

    @Test func whatACrashLeftIsTakenOver() throws {
        let tree = try TemporaryTree()
        try tree.write(".file.new", "half of something longer")
        try replaceFile(tree.absolute("file"), with: Array("new".utf8))
        #expect(try tree.read("file") == Array("new".utf8) && tree.list("") == [RawName("file")])
    }

    @Test func fileIsReadWhereItIsOneAndNotTooLong() throws {
        let tree = try TemporaryTree()
        try tree.write("file", "12345")
        try tree.fifo("fifo")
        try tree.makeDirectory("directory")
        #expect(try readFile(tree.absolute("file"), limit: 5) == Array("12345".utf8))
        #expect(try readFile(tree.absolute("missing"), limit: 5) == nil)
        for (name, limit) in [("file", 4), ("fifo", 5), ("directory", 5)] {
            #expect(throws: SystemError.self, "\(name)") { try readFile(tree.absolute(name), limit: limit) }
        }
    }

    @Test func fileIsSetAsideUnderTheFirstNameThatIsFree() throws {
        let tree = try TemporaryTree()
        for expected in ["file.bad", "file.bad-2", "file.bad-3"] {
            try tree.write("file", expected)
            #expect(try setFileAside(tree.absolute("file")) == tree.absolute(expected))
            #expect(try tree.read(expected) == Array(expected.utf8))
        }
        #expect(try tree.list("").count == 3)
    }
}
