internal import Glibc
package import PassimCore

/// What a test asks of a file's status.
package struct FileFacts: Equatable, Sendable {
    package var inode: UInt64
    package var size: UInt64
    /// Permission bits.
    package var mode: UInt32
    package var owner: UInt32
    package var modified: Timestamp
    package var changed: Timestamp
    package var isDirectory: Bool
    package var isSymlink: Bool

    init(_ status: stat) {
        inode = UInt64(status.st_ino)
        size = UInt64(status.st_size)
        mode = UInt32(status.st_mode & 0o7777)
        owner = status.st_uid
        modified = Timestamp(
            seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec))
        changed = Timestamp(
            seconds: Int64(status.st_ctim.tv_sec), nanoseconds: UInt32(status.st_ctim.tv_nsec))
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        isSymlink = status.st_mode & S_IFMT == S_IFLNK
    }
}
