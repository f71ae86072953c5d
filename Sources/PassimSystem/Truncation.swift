internal import CLinux
internal import Glibc

extension Descriptor {
    /// ftruncate(2).
    package borrowing func truncate(to size: UInt64) throws(SystemError) {
        let number = lend { $0 }
        _ = try retrying(.ftruncate) { ftruncate(number, off_t(size)) }
    }
}
