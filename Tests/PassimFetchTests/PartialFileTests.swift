import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimFetch

@Suite struct PartialFileTests {
    private let tree: TemporaryTree
    private let digest = Digest(of: "content")
    private let name: RawName

    init() throws {
        tree = try TemporaryTree()
        name = PartialFile.name(for: digest)
    }

    private func open() throws -> PartialFile {
        try PartialFile(for: digest, in: Descriptor.open(tree.path, [.readOnly, .directory]))
    }

    private func append(_ text: String, to file: PartialFile, from sender: String = "one") throws {
        var bytes = Array(text.utf8)
        try bytes.withUnsafeMutableBytes { try file.append(UnsafeRawBufferPointer($0), from: sender) }
    }

    @Test func nobodyElseCanReadIt() throws {
        let file = try open()
        #expect(try tree.status(name).mode & 0o777 == 0o600)
        try append("con", to: file)
        #expect(try tree.read(name) == Array("con".utf8))
    }

    @Test func whatIsThereIsReadAndGoneOnWith() throws {
        try append("con", to: try open())
        let file = try open()
        #expect(file.byteCount == 3)
        #expect(file.source == .several)
        try append("tent", to: file)
        #expect(file.digest == digest)
        try file.publish(as: RawName("file"))
        #expect(try tree.list("") == [RawName("file")])
        #expect(try tree.read("file") == Array("content".utf8))
    }

    @Test func whoSentItIsKnown() throws {
        let file = try open()
        #expect(file.source == .nobody)
        try append("con", to: file)
        try append("te", to: file)
        #expect(file.source == .one("one"))
        try append("nt", to: file, from: "other")
        #expect(file.source == .several)
        try file.restart()
        #expect(file.source == .nobody)
        #expect(file.byteCount == 0)
        try append("content", to: file)
        #expect(file.digest == digest)
        #expect(try tree.read(name) == Array("content".utf8))
    }

    @Test func oneWithoutBytesIsNotKept() throws {
        _ = try open()
        #expect(try tree.list("") == [])
    }

    @Test func onlyOneProcessIsAtIt() throws {
        let file = try open()
        #expect(throws: DownloadError.busy("\(name)")) { try open() }
        try append("con", to: file)
        try file.publish(as: RawName("file"))
        #expect(try open().byteCount == 0)
    }

    @Test func whatSomebodyPlantedIsNotWritten() throws {
        try tree.write("victim", "precious")
        for plant in [
            { try tree.symlink(name, to: "victim") }, { try tree.link("victim", to: name) },
            { try tree.fifo(name) }, { try tree.socket(name) },
        ] {
            try plant()
            let file = try open()
            #expect(file.byteCount == 0)
            try append("content", to: file)
            try file.publish(as: RawName("file"))
            #expect(try tree.read("victim") == Array("precious".utf8))
            #expect(try tree.read("file") == Array("content".utf8))
        }
        try tree.makeDirectory(name)
        #expect(throws: DownloadError.self) { try open() }
    }
}
