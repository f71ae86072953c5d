import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite struct DirectoryRootTests {
    private let scratch = ScratchDirectory()

    private func read(_ path: RawName) throws -> [UInt8]? {
        try scratch.open().open(beneath: path, .readOnly).readAll(limit: 100)
    }

    @Test func fileBeneathIsOpened() throws {
        try scratch.write("a/b/file", "content")
        #expect(try read(RawName("a/b/file")) == Array("content".utf8))
    }

    @Test func emptyPathIsTheDirectoryItself() throws {
        let itself = try scratch.open().open(beneath: .empty, [.readOnly, .directory])
        #expect(try itself.status().identity.inode == scratch.open().status().identity.inode)
    }

    @Test func symlinkAnywhereOnTheWayIsRefused() throws {
        try scratch.write("a/file", "content")
        scratch.makeSymlink("link", to: "a/file")
        scratch.makeSymlink("dirlink", to: "a")
        scratch.makeSymlink("a/loop", to: "loop")
        for path in ["link", "dirlink/file", "a/loop"] {
            let error = #expect(throws: SystemError.self) { try read(RawName(path)) }
            #expect(error?.code == .tooManyLinks, "\(path)")
        }
    }

    @Test func wayOutIsRefused() throws {
        try scratch.makeDirectory("a")
        for path in ["..", "a/../..", "/etc/passwd", "../../etc/passwd"] {
            let error = #expect(throws: SystemError.self) { try read(RawName(path)) }
            #expect(error?.code == .crossDevice, "\(path)")
        }
    }

    @Test func missingFileIsNotFoundAndNamed() throws {
        let error = #expect(throws: SystemError.self) { try read(RawName("no\nsuch")) }
        #expect(error?.code == .notFound)
        #expect(error?.call == .openat2)
        #expect(error?.description == "openat2 no\\x0asuch: No such file or directory")
    }

    @Test func nameThatIsNotUTF8IsOpened() throws {
        let name = RawName(bytes: [0xFF, 0x20, 0x0A, 0x25])
        _ = try scratch.open().open(name, [.writeOnly, .create])
        #expect(try read(name) == [])
    }

    /// 50 directories with names of 255 bytes: more than three times PATH_MAX.
    @Test func pathPastPathMaxIsOpenedAndSymlinksInItRefused() throws {
        let component = RawName(String(repeating: "d", count: 255))
        var path = RawName.empty
        var directory = try scratch.open()
        for _ in 0..<50 {
            try directory.makeDirectory(component, mode: 0o755)
            directory = try directory.open(component, [.readOnly, .directory])
            path = path.appending(component)
        }
        let file = try directory.open(RawName("file"), [.writeOnly, .create])
        try file.writeAll([1, 2, 3])
        #expect(path.bytes.count > 12_000)
        #expect(try read(path.appending(RawName("file"))) == [1, 2, 3])

        let missing = #expect(throws: SystemError.self) { try read(path.appending(RawName("missing"))) }
        #expect(missing?.code == .notFound)
        scratch.makeSymlink("s", to: String(repeating: "d", count: 255))
        let first = path.bytes.dropFirst(255)
        let linked = #expect(throws: SystemError.self) {
            try read(RawName(bytes: [0x73] + first).appending(RawName("file")))
        }
        #expect(linked?.code == .tooManyLinks)
        // A way out that only the second piece holds.
        let up = String(repeating: "/..", count: 52)
        let out = #expect(throws: SystemError.self) { try read(RawName(bytes: path.bytes + Array(up.utf8))) }
        #expect(out?.code == .crossDevice)
    }

    @Test(arguments: [4094, 4095, 4096, 4097, 8190, 8191, 8192])
    func lengthsAroundThePieceAreOpened(length: Int) throws {
        // Components of 99 and a slash, and a last one that fills up; `length` bytes altogether.
        var path = RawName.empty
        var directory = try scratch.open()
        let component = RawName(String(repeating: "d", count: 99))
        while length - path.bytes.count > 201 {
            try directory.makeDirectory(component, mode: 0o755)
            directory = try directory.open(component, [.readOnly, .directory])
            path = path.appending(component)
        }
        let name = RawName(String(repeating: "f", count: length - path.bytes.count - 1))
        _ = try directory.open(name, [.writeOnly, .create])
        path = path.appending(name)
        #expect(path.bytes.count == length)
        #expect(try read(path) == [])
    }

    @Test func componentLongerThanAnyPieceIsAnError() throws {
        let error = #expect(throws: SystemError.self) {
            try read(RawName(String(repeating: "x", count: 10_000)))
        }
        #expect(error?.code == .nameTooLong)
    }

    @Test func renameThatRacesIsTriedAgain() throws {
        try scratch.write("file", "content")
        FaultPlan.$current.withValue(FaultPlan([.openat2: [.again, .interrupted, .again]])) {
            #expect((try? read(RawName("file"))) == Array("content".utf8))
        }
    }
}
