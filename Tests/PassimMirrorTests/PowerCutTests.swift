import Glibc
import PassimCore
import PassimCrypto
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimMirror

/// What is believed of the disk as it was when the power failed.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct PowerCutTests {
    static let size = 1 << 20

    enum Writer: String, CaseIterable { case inPlace, preallocated, appended }

    struct Variant: CustomTestStringConvertible {
        var type: String
        var writer: Writer
        var place: ChecksumPlace
        var testDescription: String { "\(type), \(writer), \(place)" }
    }

    static let variants = ["ext4", "xfs"].filter { LoopDisk.isPossible($0) }.flatMap { type in
        Writer.allCases.flatMap { writer in
            [ChecksumPlace.attributes, .storeOnly].map { Variant(type: type, writer: writer, place: $0) }
        }
    }

    @Test(
        .enabled(if: !variants.isEmpty, "needs root, loop devices, and mkfs.ext4 or mkfs.xfs"),
        arguments: variants)
    func noDigestIsBelievedOfContentThatWasNotOnTheDisk(_ variant: Variant) throws {
        let disk = try LoopDisk(variant.type)
        let old = [UInt8](repeating: 0x6F, count: PowerCutTests.size)
        let new = [UInt8](repeating: 0x6E, count: PowerCutTests.size)
        if variant.writer == .inPlace { try write(old, to: disk.path + "/a") }
        sync()
        try write(new, to: disk.path + "/a", variant.writer)
        let first = Fixture(place: variant.place, store: true)
        first.scan([first.dropIn("a.conf", disk.path)])
        #expect(first.counters.filesHashed == 1)
        first.mirror.stop()
        // The journal goes to the disk, as it does every few seconds, and the content of other files need not.
        let other = try Descriptor.open(disk.path + "/other", [.writeOnly, .create])
        try other.sync()
        _ = consume other
        let after = try LoopDisk(diskOf: disk)

        let second = Fixture(after: first, place: variant.place)
        second.scan([second.dropIn("a.conf", after.path)])
        let entry = try #require(second.entry("a"))
        let content = try #require(try readFile(after.path + "/a", limit: 2 * PowerCutTests.size))
        #expect(entry.digest == SHA256Hasher.digest(of: content))
        // And it is the new one, which nobody hashes again.
        #expect(entry.digest == SHA256Hasher.digest(of: new))
        // The other file.
        #expect(second.counters.filesHashed == 1)
        second.mirror.stop()
    }

    private func write(_ content: [UInt8], to path: String, _ writer: Writer = .appended) throws {
        switch writer {
        case .inPlace: try Descriptor.open(path, .writeOnly).writeAll(content)
        case .appended: try Descriptor.open(path, [.writeOnly, .create]).writeAll(content)
        case .preallocated:
            let file = try Descriptor.open(path, [.writeOnly, .create])
            #expect(file.lend { posix_fallocate($0, 0, off_t(content.count)) } == 0)
            // So far the disk knows of it.
            try file.sync()
            try file.writeAll(content)
        }
    }

    @Test(.enabled(if: LoopDisk.isPossible("ext4"), "needs root, loop devices and mkfs.ext4"))
    func remountUnderAnotherDeviceNumberHashesNothing() throws {
        let disk = try LoopDisk("ext4")
        for number in 0..<8 { try write(Array("\(number)".utf8), to: disk.path + "/f\(number)") }
        let first = Fixture(place: .storeOnly, store: true)
        first.scan([first.dropIn("a.conf", disk.path)])
        first.mirror.stop()
        sync()
        let before = first.entry("f1")?.identity.device
        // While that device is taken.
        let again = try LoopDisk(diskOf: disk)
        let second = Fixture(after: first, place: .storeOnly)
        second.scan([second.dropIn("a.conf", again.path)])
        #expect(second.entry("f1")?.identity.device != before)
        #expect(second.counters.filesHashed == 0)
        #expect(second.counters.trustedStore == 8)
        second.mirror.stop()
    }

    @Test(.enabled(if: LoopDisk.isPossible("ext4"), "needs root, loop devices and mkfs.ext4"))
    func diskThatComesBackWhileTheMirrorRunsIsNotHashedAgain() throws {
        let disk = try LoopDisk("ext4")
        try write(Array("content".utf8), to: disk.path + "/a")
        let fixture = Fixture(place: .storeOnly, store: true)
        fixture.scan([fixture.dropIn("a.conf", disk.path)])
        #expect(fixture.counters.filesHashed == 1)
        try disk.unmount()
        fixture.rescan()
        #expect(fixture.entry("a") == nil)
        try disk.mount()
        fixture.mirror.volumes.forget()
        fixture.rescan()
        #expect(fixture.entry("a")?.digest == digest("content"))
        #expect(fixture.counters.filesHashed == 1)
        fixture.mirror.stop()
    }

    // MARK: - bindfs and overlayfs

    private static let hasBindfs =
        canMount
        && (try? Command.run(["sh", "-c", "command -v bindfs && test -e /dev/fuse"]))?.succeeded == true

    @Test(.enabled(if: hasBindfs, "needs root, FUSE and bindfs(1)"))
    func remountOfAFileServerWhoseInodeNumbersLastHashesNothing() throws {
        let (source, place) = (MirrorTree(), MirrorTree())
        for number in 0..<8 { source.write("f\(number)", "\(number)") }
        func mount() throws { try Command.succeed(["mount", "-t", "fuse.bindfs", source.path, place.path]) }
        try mount()
        defer { _ = try? Command.run(["umount", "-l", place.path]) }
        let first = Fixture(place: .storeOnly, store: true)
        first.scan([first.dropIn("a.conf", place.path)])
        #expect(first.counters.filesHashed == 8)
        first.mirror.stop()
        try Command.succeed(["umount", "-l", place.path])
        try mount()
        let second = Fixture(after: first, place: .storeOnly)
        second.scan([second.dropIn("a.conf", place.path)])
        #expect(second.counters.filesHashed == 0)
        second.mirror.stop()
    }

    private static let hasOverlay: Bool = {
        guard canMount, let tree = try? TemporaryTree() else { return false }
        let script = """
            cd '\(tree.path)' && mkdir l u w m &&
            unshare --mount --propagation private mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w m
            """
        return (try? Command.run(["sh", "-c", script]))?.succeeded == true
    }()

    @Test(.enabled(if: hasOverlay, "needs root and overlayfs"))
    func nothingOfALowerLayerIsCopiedUp() throws {
        let layers = MirrorTree()
        for name in ["lower", "upper", "work", "merged"] { layers.makeDirectory(name) }
        for number in 0..<8 { layers.write("lower/f\(number)", "\(number)") }
        let merged = layers.child("merged")
        let options =
            "lowerdir=\(layers.child("lower")),upperdir=\(layers.child("upper")),workdir=\(layers.child("work"))"
        func mount() throws {
            try Command.succeed(["mount", "-t", "overlay", "overlay", "-o", options, merged])
        }
        try mount()
        defer { _ = try? Command.run(["umount", "-l", merged]) }
        let first = Fixture(store: true)
        first.scan([first.dropIn("a.conf", merged)])
        #expect(first.counters.filesHashed == 8)
        first.mirror.stop()
        #expect(try Command.succeed(["find", layers.child("upper"), "-type", "f"]).text == "")
        try Command.succeed(["umount", "-l", merged])
        try mount()
        let second = Fixture(after: first)
        second.scan([second.dropIn("a.conf", merged)])
        #expect(second.counters.filesHashed == 0)
        second.mirror.stop()
    }
}
