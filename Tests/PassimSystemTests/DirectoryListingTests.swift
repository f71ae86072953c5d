import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite struct DirectoryListingTests {
    private let scratch = ScratchDirectory()

    private func list(_ directory: borrowing Descriptor) throws -> [RawName: DirectoryListing.Kind] {
        // The least that is allowed.
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
        defer { buffer.deallocate() }
        var names: [RawName: DirectoryListing.Kind] = [:]
        try directory.forEachName(buffer: buffer) { (bytes, kind) throws(SystemError) in
            #expect(names.updateValue(kind, forKey: RawName(bytes)) == nil)
        }
        return names
    }

    @Test func emptyDirectoryHasNoNames() throws {
        #expect(try list(scratch.open()).isEmpty)
    }

    @Test func oddNamesComeAsTheyAre() throws {
        let names: [[UInt8]] = [
            Array("...".utf8), Array(".hidden".utf8), [0x20], [0x0A], [0xFF, 0xFE], Array("%41\"'".utf8),
            [0xC3],
            Array(repeating: 0x78, count: 255), Array("-rf".utf8), [0x01], [0x5C],
        ]
        let directory = try scratch.open()
        for name in names { _ = try directory.open(RawName(bytes: name), [.writeOnly, .create]) }
        #expect(Set(try list(scratch.open()).keys) == Set(names.map { RawName(bytes: $0) }))
    }

    @Test func kindsAreTold() throws {
        try scratch.write("file", "")
        try scratch.makeDirectory("directory")
        scratch.makeSymlink("link", to: "file")
        scratch.makeFIFO("fifo")
        let kinds = try list(scratch.open())
        // A file system may say of all that it does not know.
        if kinds[RawName("file")] != .unknown {
            #expect(kinds[RawName("file")] == .regular)
            #expect(kinds[RawName("directory")] == .directory)
            #expect(kinds[RawName("link")] == .symbolicLink)
            #expect(kinds[RawName("fifo")] == .other)
        }
        #expect(kinds.count == 4)
    }

    @Test func manyNamesTakeManyTurnsOfTheBuffer() throws {
        let directory = try scratch.open()
        for number in 0..<2000 { _ = try directory.open(RawName("name-\(number)"), [.writeOnly, .create]) }
        #expect(try list(scratch.open()).count == 2000)
    }

    @Test func fileIsNoDirectory() throws {
        let file = try Descriptor.open(try scratch.write("file", ""), .readOnly)
        let error = #expect(throws: SystemError.self) { try list(file) }
        #expect(error?.code == .notDirectory)
    }

    @Test func errorOfTheBodyEndsTheListing() throws {
        for name in ["a", "b", "c"] { try scratch.write(name, "") }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
        defer { buffer.deallocate() }
        var seen = 0
        let directory = try scratch.open()
        #expect(throws: SystemError.self) {
            try directory.forEachName(buffer: buffer) { (_, _) throws(SystemError) in
                seen += 1
                throw SystemError(code: .inputOutput, call: .read)
            }
        }
        #expect(seen == 1)
    }
}
