import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimFetch

@Suite struct DownloadTests {
    @Test func fileIsThereWithItsBytesAndItsMode() throws {
        let fixture = try DownloadFixture()
        let server = try fixture.server()
        let downloaded = try fixture.save(from: server)
        #expect(
            downloaded == Downloaded(size: 20, contentType: "text/x-test", url: server.url))
        #expect(try fixture.tree.read("file") == fixture.content)
        #expect(try fixture.tree.status("file").mode & 0o777 == ordinaryFileMode())
        #expect(try fixture.names() == [RawName("file")])
        #expect(fixture.failures.isEmpty)
        #expect(fixture.progress.last == DownloadProgress(received: 20, total: 20, url: server.url))
        let request = try #require(server.requests.first)
        #expect(request.hasPrefix("GET /file?sha256=x HTTP/1.1\r\n"))
        #expect(!request.contains("Range:"))
    }

    @Test func fileWithoutBytesComesToo() throws {
        let fixture = try DownloadFixture("")
        #expect(try fixture.save(from: fixture.server()).size == 0)
        #expect(try fixture.tree.read("file") == [])
        #expect(try fixture.names() == [RawName("file")])
    }

    @Test func fileOfManyPiecesComesWhole() throws {
        var generator = SeededGenerator(seed: 1)
        let fixture = try DownloadFixture(generator.bytes(3_000_000))
        try fixture.save(from: fixture.server())
        #expect(try fixture.tree.digest(of: "file") == fixture.digest)
        #expect(fixture.progress.count > 10)
        #expect(fixture.progress.map(\.received) == fixture.progress.map(\.received).sorted())
    }

    // MARK: Where it is put

    @Test func fileThatIsThereIsReplaced() throws {
        let fixture = try DownloadFixture()
        try fixture.tree.write("file", "what was there")
        try fixture.save(from: fixture.server())
        #expect(try fixture.tree.read("file") == fixture.content)
    }

    @Test func fileBehindSymlinkIsReplacedAndTheLinkStays() throws {
        let fixture = try DownloadFixture()
        try fixture.tree.write("directory/real", "what was there")
        try fixture.tree.symlink("file", to: "directory/real")
        try fixture.save(from: fixture.server())
        #expect(try fixture.tree.status("file").isSymlink)
        #expect(try fixture.tree.read("directory/real") == fixture.content)
    }

    @Test func directoryGetsItUnderItsBasename() throws {
        let fixture = try DownloadFixture()
        try fixture.tree.makeDirectory("directory")
        try fixture.save(from: fixture.server(), to: "directory")
        #expect(try fixture.tree.read("directory/basename") == fixture.content)
    }

    @Test func whatIsNoFileIsNotReplaced() throws {
        let fixture = try DownloadFixture()
        try fixture.tree.fifo("file")
        let server = try fixture.server()
        #expect(throws: DownloadError.unusable("the output exists, and is not a regular file")) {
            try fixture.save(from: server)
        }
        #expect(throws: DownloadError.self) { try fixture.save(from: server, to: "none/file") }
        #expect(throws: DownloadError.self) { try fixture.save(from: server, to: "none/") }
        #expect(server.connectionCount == 0)
    }

    @Test func streamGetsOnlyWhatIsRight() throws {
        let fixture = try DownloadFixture()
        let liar = try ScriptedServer(ServedFile.script(Array("another content of it".utf8)))
        let server = try fixture.server()
        try fixture.tree.write("output", "")
        let output = try Descriptor.open(fixture.tree.absolute("output"), .writeOnly)
        let directory = try Descriptor.open(fixture.tree.path, [.readOnly, .directory])
        #expect(throws: DownloadError.self) {
            try fixture.download().write(
                from: [liar.url], to: output, by: Descriptor.open(fixture.tree.path, [.readOnly, .directory]))
        }
        #expect(try fixture.tree.read("output") == [])
        _ = try fixture.download().write(from: [liar.url, server.url], to: output, by: directory)
        #expect(try fixture.tree.read("output") == fixture.content)
        #expect(try fixture.names() == [RawName("output")])
    }

    // MARK: Going on

    @Test func whatIsThereIsNotAskedForAgain() throws {
        let fixture = try DownloadFixture()
        try fixture.tree.write(fixture.partial, Array(fixture.content.prefix(7)))
        let server = try fixture.server()
        try fixture.save(from: server)
        #expect(try fixture.tree.read("file") == fixture.content)
        #expect(server.requests.count == 1)
        #expect(server.requests.first?.contains("\r\nRange: bytes=7-\r\n") == true)
        #expect(fixture.progress.first?.received == 20)
    }

    @Test func whatIsWholeNeedsNobody() throws {
        let fixture = try DownloadFixture()
        try fixture.tree.write(fixture.partial, fixture.content)
        #expect(try fixture.save(from: []) == Downloaded(size: 20))
        #expect(try fixture.tree.read("file") == fixture.content)
        #expect(try fixture.names() == [RawName("file")])
    }

    @Test(arguments: [
        "content of", "another beginning", "content of the file\n and more", "twenty other bytes..",
    ])
    func whateverWasThereTheFileIsRight(before: String) throws {
        for manner in [
            ServedFile.Manner(), ServedFile.Manner(ranges: false), ServedFile.Manner(shift: 1),
            ServedFile.Manner(shift: -1),
        ] {
            let fixture = try DownloadFixture()
            try fixture.tree.write(fixture.partial, before)
            try fixture.save(from: fixture.server(manner))
            #expect(try fixture.tree.read("file") == fixture.content, "\(manner)")
            #expect(try fixture.names() == [RawName("file")])
            #expect(fixture.failures.isEmpty)
        }
    }

    @Test func nextPeerGoesOnWhereOneBrokeOff() throws {
        let fixture = try DownloadFixture()
        fixture.limits.tries = 1
        let first = try fixture.server(.init(cut: 5))
        let second = try fixture.server(.init(cut: 6))
        let third = try fixture.server()
        try fixture.save(from: first, second, third)
        #expect(fixture.reasons == [.cutOff(received: 5, of: 20), .cutOff(received: 11, of: 20)])
        #expect(third.requests.first?.contains("\r\nRange: bytes=11-\r\n") == true)
        #expect(try fixture.tree.read("file") == fixture.content)
    }

    @Test func peerThatBreaksOffIsAskedAgainWhileSomethingComes() throws {
        let fixture = try DownloadFixture()
        let server = try fixture.server(.init(cut: 6))
        try fixture.save(from: server)
        #expect(server.requests.count == 4)
        #expect(try fixture.tree.read("file") == fixture.content)
        // Not for ever.
        let slow = try DownloadFixture()
        let other = try slow.server(.init(cut: 2))
        #expect(throws: DownloadError.self) { try slow.save(from: other) }
        #expect(other.requests.count == 4)
        #expect(try slow.tree.read(slow.partial) == Array(slow.content.prefix(8)))
        #expect(try slow.names() == [slow.partial])
        // The next try gets the rest.
        try slow.save(from: slow.server())
        #expect(try slow.names() == [RawName("file")])
    }

    @Test func randomCutsEndInTheExactFile() throws {
        for _ in 0..<25 {
            var generator = SeededGenerator()
            let seed = generator.seed
            let fixture = try DownloadFixture(
                generator.bytes(Int.random(in: 1...200_000, using: &generator)))
            fixture.limits.tries = 1
            var servers: [ScriptedServer] = []
            for _ in 0..<Int.random(in: 0...6, using: &generator) {
                var manner = ServedFile.Manner()
                manner.ranges = generator.chance(80)
                manner.shift = generator.chance(10) ? Int.random(in: -3...3, using: &generator) : 0
                manner.cut = Int.random(in: 0...fixture.content.count, using: &generator)
                let lies = generator.chance(20)
                let content = lies ? generator.bytes(fixture.content.count) : fixture.content
                servers.append(try ScriptedServer(ServedFile.script(content, manner)))
            }
            servers.append(try fixture.server())
            try fixture.save(from: servers.map(\.url))
            #expect(try fixture.tree.digest(of: "file") == fixture.digest, "seed \(seed)")
            #expect(try fixture.names() == [RawName("file")], "seed \(seed)")
        }
    }
}
