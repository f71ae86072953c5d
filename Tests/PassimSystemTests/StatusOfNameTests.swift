import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite struct StatusOfNameTests {
    @Test func tellsOfTheNameItselfAndOpensNothing() throws {
        let tree = try TemporaryTree()
        try tree.write("file", "content")
        try tree.symlink("link", to: "file")
        try tree.fifo("fifo")
        try tree.makeDirectory("sub")
        let root = try Descriptor.open(tree.path, [.path, .directory])
        let status = try root.status(of: RawName("file"))
        #expect(status.kind == .regular)
        #expect(status.identity == (try root.open(RawName("file"), .readOnly).status().identity))
        #expect(try root.status(of: RawName("link")).kind == .symbolicLink)
        #expect(try root.status(of: RawName("fifo")).kind == .other)
        #expect(try root.status(of: RawName("sub")).kind == .directory)
    }

    @Test func whatIsNotThereIsNotFound() throws {
        let tree = try TemporaryTree()
        let root = try Descriptor.open(tree.path, [.path, .directory])
        do throws(SystemError) {
            _ = try root.status(of: RawName("gone"))
            Issue.record("no error")
        } catch {
            #expect(error.code == .notFound)
        }
    }
}
