internal import CLinux
internal import Glibc
internal import PassimCore

extension Descriptor {
    /// Bytes that somebody who is not root may still write on the file system of this file (fstatvfs(3)).
    package borrowing func availableBytes() throws(SystemError) -> UInt64 {
        var status = statvfs()
        let number = lend { $0 }
        _ = try retrying(.fstatvfs) { fstatvfs(number, &status) }
        return UInt64(status.f_bavail).multiplied(saturatingBy: UInt64(status.f_frsize))
    }
}
