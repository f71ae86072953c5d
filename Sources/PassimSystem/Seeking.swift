internal import CLinux
internal import Glibc

extension Descriptor {
    /// The next run of data in the file (SEEK_DATA and SEEK_HOLE of lseek(2)): data between holes takes
    /// blocks, all else is zeros.
    ///
    /// Moves the descriptor's own offset. A file system that does not know, and any error, make all of it data.
    ///
    /// - Parameter size: of the file, in bytes.
    /// - Returns: in bytes, both `size` where only zeros follow.
    package borrowing func data(from offset: UInt64, size: UInt64) -> (start: UInt64, end: UInt64) {
        let number = lend { $0 }
        let start = lseek(number, off_t(clamping: offset), CInt(CLINUX_SEEK_DATA))
        if start < 0 { return clinux_errno() == ENXIO ? (size, size) : (offset, size) }
        let end = lseek(number, start, CInt(CLINUX_SEEK_HOLE))
        return (min(UInt64(start), size), end < 0 ? size : min(UInt64(end), size))
    }
}
