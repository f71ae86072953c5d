internal import Glibc

/// A file system on a loop device, for as long as the value lives: one whose disk can be looked at from below.
package final class LoopDisk: Sendable {
    /// `ext4`, `xfs`
    package let type: String
    private let place: TemporaryTree
    /// Where it is mounted.
    package var path: String { place.absolute("mount") }
    private var image: String { place.absolute("image") }

    /// Whether this process may mount one, and has the program that makes it.
    package static func isPossible(_ type: String) -> Bool {
        let script = "command -v mkfs.\(type) >/dev/null && device=$(losetup --find) && test -e \"$device\""
        return canMount && (try? Command.run(["sh", "-c", script]))?.succeeded == true
    }

    package init(_ type: String) throws {
        self.type = type
        place = try TemporaryTree()
        try place.makeDirectory("mount")
        // What xfs wants at least; it takes no room.
        try Command.succeed(["truncate", "-s", "320M", image])
        try Command.succeed(["mkfs.\(type)", "-q"] + (type == "ext4" ? ["-F"] : []) + [image])
        try mount()
    }

    /// What is on the disk of another one now: as after a power failure, what is in memory is not there.
    package init(diskOf other: LoopDisk) throws {
        type = other.type
        place = try TemporaryTree()
        try place.makeDirectory("mount")
        // A copy of a moment at which the journal is written may be of no use: a disk would not be so torn.
        for _ in 0..<5 {
            try Command.succeed(["cp", "--sparse=always", other.image, image])
            if (try? mount()) != nil { return }
        }
        try mount()
    }

    deinit { _ = try? Command.run(["umount", "-l", path]) }

    package func mount() throws {
        // Two with one UUID are refused else.
        try Command.succeed(["mount", "-o", type == "xfs" ? "loop,nouuid" : "loop", image, path])
    }

    package func unmount() throws { try Command.succeed(["umount", path]) }
}
