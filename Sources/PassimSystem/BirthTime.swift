internal import CLinux
package import PassimCore

extension Descriptor {
    /// When the file was made (statx(2), STATX_BTIME); nil where the file system does not keep it.
    package borrowing func birthTime() throws(SystemError) -> Timestamp? {
        let number = lend { $0 }
        var seconds: Int64 = 0
        var nanoseconds: UInt32 = 0
        let isTold = try retrying(.statx) { clinux_birth_time(number, &seconds, &nanoseconds) }
        return isTold == 1 ? Timestamp(seconds: seconds, nanoseconds: nanoseconds) : nil
    }
}
