internal import CLinux
internal import Glibc
package import PassimCore

/// The answer of fstat(2) about an open file.
package struct FileStatus: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case regular, directory, symbolicLink, other
    }

    package var kind: Kind
    package var identity: FileIdentity
    /// Permission bits, 0o7777.
    package var mode: UInt32
    package var owner: UInt32
    package var group: UInt32
    /// How many names it has.
    package var links: UInt64

    @inline(__always)
    init(_ status: stat) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .regular
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .symbolicLink
        default: kind = .other
        }
        identity = FileIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
            size: UInt64(clamping: status.st_size),
            modified: Timestamp(
                seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(clamping: status.st_mtim.tv_nsec)),
            changed: Timestamp(
                seconds: Int64(status.st_ctim.tv_sec), nanoseconds: UInt32(clamping: status.st_ctim.tv_nsec)))
        mode = UInt32(status.st_mode & 0o7777)
        owner = UInt32(status.st_uid)
        group = UInt32(status.st_gid)
        links = UInt64(status.st_nlink)
    }
}

extension Descriptor {
    /// fstat(2).
    @inline(__always)
    package borrowing func status() throws(SystemError) -> FileStatus {
        var status = stat()
        let number = lend { $0 }
        _ = try retrying(.fstat) { fstat(number, &status) }
        return FileStatus(status)
    }
}
