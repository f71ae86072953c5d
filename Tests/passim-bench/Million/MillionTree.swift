internal import Glibc
internal import PassimCore
internal import PassimSystem
internal import PassimTestKit

/// Small files, each with other content, 100 a directory, with paths of 40 bytes. It stays: a million files take a
/// minute to make.
struct MillionTree {
    let path: String
    let count: Int
    private var files: SyntheticFiles { SyntheticFiles(count: count) }

    private static let filesEach = 100

    /// The tree of so many files below `directory`; made where it is not there or not whole.
    static func standing(_ count: Int, in directory: String) throws -> MillionTree {
        let tree = MillionTree(path: "\(directory)/\(count)-files", count: count)
        // Written last.
        let mark = "\(tree.path).whole"
        if access(mark, F_OK) == 0 {
            // What a run that was interrupted has added.
            try Command.succeed(["rm", "-rf", "--", tree.path + "/added"])
            return tree
        }
        try Command.succeed(["rm", "-rf", "--one-file-system", "--", tree.path], seconds: 3600)
        try makeDirectories(tree.path, mode: 0o755)
        try tree.checkRoom()
        let start = monotonicNanoseconds()
        print("making \(count) files in \(tree.path)")
        try tree.inEachDirectory { number, root in
            let path = tree.files.directory(number)
            try makeDirectories("\(tree.path)/\(path)", mode: 0o755)
            let directory = try root.open(beneath: path, [.path, .directory])
            for file in tree.numbers(number) {
                let open = try directory.open(
                    tree.files.name(file), [.writeOnly, .create, .truncate], mode: 0o644)
                try open.writeAll(Array(tree.content(file).utf8))
            }
        }
        try Descriptor.open(mark, [.writeOnly, .create], mode: 0o644).writeAll([])
        print("made in \((monotonicNanoseconds() - start) / 1_000_000_000) s")
        return tree
    }

    /// Some 40 bytes.
    func content(_ number: Int) -> String { "file \(number): small, and like no other\n" }

    func digest(_ number: Int) -> Digest { Digest(of: content(number)) }

    /// As new: nobody has written checksums. Returns when all files are older than a scan asks for, and the disk has
    /// all that was written.
    func forgetChecksums() throws {
        try inEachDirectory { number, root in
            let directory = try root.open(beneath: files.directory(number), [.path, .directory])
            for file in numbers(number) {
                let open = try directory.open(files.name(file), .readOnly)
                for name in ["user.checksum.sha256", "user.checksum.sha256.stamp"] as [StaticString] {
                    do throws(SystemError) { try open.removeAttribute(name) } catch {
                        if error.code != .noAttribute { throw error }
                    }
                }
            }
        }
        // What comes next is not to wait for this to reach the disk.
        sync()
        Footprint.rest(seconds: 3)
    }

    private func numbers(_ directory: Int) -> Range<Int> {
        directory * MillionTree.filesEach..<min((directory + 1) * MillionTree.filesEach, count)
    }

    /// On as many threads as there are processors.
    private func inEachDirectory(_ body: @escaping @Sendable (Int, borrowing Descriptor) throws -> Void)
        throws
    {
        let path = path
        let directories = (count + MillionTree.filesEach - 1) / MillionTree.filesEach
        let threads = processorCount()
        try inParallel(threads) { thread in
            let root = try Descriptor.open(path, [.path, .directory])
            for number in stride(from: thread, to: directories, by: threads) { try body(number, root) }
        }
    }

    private func checkRoom() throws {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw TestFailure("statvfs \(path): errno \(errno)") }
        // A block for the content, and one for attributes that do not fit into the inode.
        let needed = UInt64(count) * 8192
        let bytes = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        // Some file systems count none.
        let lacksInodes = status.f_files > 0 && UInt64(status.f_favail) < UInt64(count) * 5 / 4
        guard bytes > needed + needed / 4, !lacksInodes else {
            throw TestFailure(
                "\(path) has \(bytes >> 20) MiB and \(status.f_favail) inodes left, and \(count) files need "
                    + "\(needed >> 20) MiB and as many inodes")
        }
    }
}
