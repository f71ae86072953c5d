internal import CLinux
internal import Glibc

/// The answer of statfs(2) about a file system.
package struct FileSystemStatus: Hashable, Sendable {
    /// The magic number of its type (linux/magic.h).
    package var type: UInt64
    /// f_fsid as one number, the first half in the lower bits; what it means differs from type to type.
    package var id: UInt64

    package init(type: UInt64, id: UInt64) {
        self.type = type
        self.id = id
    }
}

/// The mount that an open file was reached by.
package enum MountID: Hashable, Sendable {
    /// As in the first field of mountinfo; given out again after the mount is gone.
    case reusable(UInt64)
    /// Linux 6.8 and later; no other mount until the next boot has it.
    case unique(UInt64)
}

extension Descriptor {
    /// fstatfs(2).
    package borrowing func fileSystem() throws(SystemError) -> FileSystemStatus {
        let number = lend { $0 }
        var status = FileSystemStatus(type: 0, id: 0)
        _ = try retrying(.fstatfs) { clinux_file_system(number, &status.type, &status.id) }
        return status
    }

    /// The number of its mount in mountinfo (statx(2), STATX_MNT_ID); nil before Linux 5.8.
    package borrowing func mountNumber() throws(SystemError) -> UInt64? {
        try mountID(unique: false)
    }

    /// The best name of its mount that the kernel tells; nil before Linux 5.8.
    package borrowing func mountID() throws(SystemError) -> MountID? {
        if let id = try mountID(unique: true) { return .unique(id) }
        return try mountID(unique: false).map { .reusable($0) }
    }

    private borrowing func mountID(unique: Bool) throws(SystemError) -> UInt64? {
        let number = lend { $0 }
        var id: UInt64 = 0
        let isTold = try retrying(.statx) { clinux_mount_id(number, unique ? 1 : 0, &id) }
        return isTold == 1 ? id : nil
    }

    /// The UUID of its file system (FS_IOC_GETFSUUID, Linux 6.9), for a file that is not open as a place only.
    ///
    /// - Returns: 1 to 16 bytes; nil where it has none, or the kernel does not tell.
    package borrowing func fileSystemUUID() throws(SystemError) -> [UInt8]? {
        let number = lend { $0 }
        var bytes = [UInt8](repeating: 0, count: 16)
        do throws(SystemError) {
            let count = try retrying(.ioctl) { clinux_file_system_uuid(number, &bytes) }
            return count == 0 ? nil : Array(bytes.prefix(Int(count)))
        } catch {
            switch error.code {
            case .noSuchControl, .invalid, .notImplemented, .notSupported: return nil
            default: throw error
            }
        }
    }
}
