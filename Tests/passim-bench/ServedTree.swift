internal import Glibc
internal import PassimCore
internal import PassimCrypto
internal import PassimSystem
internal import PassimTestKit

/// The files that all servers serve, and the directory for their configuration; gone with the value.
final class ServedTree: Sendable {
    struct File: Sendable {
        var name: String
        var size: Int
        var digest: Digest
    }

    private let tree: TemporaryTree
    /// 4 KiB.
    let small: File
    /// Two, of different content, as large as asked for.
    let big: [File]

    /// Big files are written in full: what a disk holds in fact, not holes.
    ///
    /// - Parameter bigMebibytes: of each of the big files.
    init(bigMebibytes: Int) throws {
        tree = try TemporaryTree()
        small = try ServedTree.make("small.bin", 4096, in: tree)
        big = try [
            ServedTree.make("big-0.bin", bigMebibytes << 20, in: tree),
            ServedTree.make("big-1.bin", bigMebibytes << 20, in: tree),
        ]
    }

    var files: [File] { [small] + big }

    /// The directory that is served.
    var served: String { tree.absolute("served") }

    func absolute(_ path: String) -> String { tree.absolute(path) }

    func write(_ path: String, _ text: String) throws { try tree.write(path, text) }

    func makeDirectory(_ path: String) throws -> String {
        try tree.makeDirectory(path)
        return tree.absolute(path)
    }

    private static func make(_ name: String, _ size: Int, in tree: TemporaryTree) throws -> File {
        try tree.makeDirectory("served")
        let file = try Descriptor.open(tree.absolute("served/\(name)"), [.writeOnly, .create], mode: 0o644)
        // One part of numbers, told apart by its own: incompressible, and made faster than it is hashed.
        var generator = SeededGenerator(
            seed: UInt64(size) ^ UInt64(name.utf8.last!) ^ UInt64(name.utf8.count))
        var part = generator.bytes(min(size, 1 << 20))
        let hasher = SHA256Hasher()
        for number in 0..<(size + part.count - 1) / part.count {
            withUnsafeBytes(of: UInt64(number) ^ generator.next()) { part.replaceSubrange(0..<8, with: $0) }
            let count = min(part.count, size - number * part.count)
            part.withUnsafeBytes { hasher.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            try file.writeAll(Array(part[..<count]))
        }
        return File(name: name, size: size, digest: hasher.finish())
    }
}
