internal import Glibc

/// A file system with little room, for as long as the value lives.
package final class SmallDisk: Sendable {
    package let tree: TemporaryTree
    private let mountPoint: TemporaryTree

    package static let isPossible: Bool = {
        guard geteuid() == 0, let tree = try? TemporaryTree(),
            (try? Command.succeed(["mount", "-t", "tmpfs", "-o", "size=64k", "none", tree.path])) != nil
        else { return false }
        return (try? Command.succeed(["umount", tree.path])) != nil
    }()

    package init(kibibytes: Int) throws {
        mountPoint = try TemporaryTree()
        try Command.succeed(["mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "none", mountPoint.path])
        do {
            tree = try TemporaryTree(in: mountPoint.path)
        } catch {
            try Command.succeed(["umount", "-l", mountPoint.path])
            throw error
        }
    }

    deinit {
        _ = try? Command.run(["umount", "-l", mountPoint.path])
    }
}
