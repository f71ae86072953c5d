internal import CLinux
internal import Glibc
package import PassimCore

extension Descriptor {
    /// fstatat(2) of one name in this directory, without following a symlink and without opening anything.
    ///
    /// - Parameter name: a single component; it is not checked for `/`.
    package borrowing func status(of name: RawName) throws(SystemError) -> FileStatus {
        var status = stat()
        let directory = lend { $0 }
        _ = try name.withCString { (text) throws(SystemError) in
            try retrying(.fstat, name.description) { fstatat(directory, text, &status, AT_SYMLINK_NOFOLLOW) }
        }
        return FileStatus(status)
    }
}
