internal import CLinux
internal import Glibc

extension Descriptor {
    /// pread(2).
    ///
    /// - Returns: bytes read; 0 at the end of the file.
    @inline(__always)
    package borrowing func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(SystemError) -> Int {
        let number = lend { $0 }
        return try retrying(.pread) {
            pread(number, buffer.baseAddress, possible(.pread, buffer.count), off_t(offset))
        }
    }

    /// read(2) from the current offset.
    ///
    /// - Returns: bytes read; 0 at the end.
    package borrowing func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let number = lend { $0 }
        return try retrying(.read) {
            Glibc.read(number, buffer.baseAddress, possible(.read, buffer.count))
        }
    }

    /// Everything from the current offset on, up to `limit` bytes.
    ///
    /// - Returns: nil where there is more than `limit`.
    package borrowing func readAll(limit: Int) throws(SystemError) -> [UInt8]? {
        var content = [UInt8](repeating: 0, count: 0)
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            var count = 0
            var failure: SystemError?
            chunk.withUnsafeMutableBytes { buffer in
                do throws(SystemError) { count = try read(into: buffer) } catch { failure = error }
            }
            if let failure { throw failure }
            if count == 0 { return content }
            if content.count + count > limit { return nil }
            content.append(contentsOf: chunk[..<count])
        }
    }

    /// Tells the kernel that the file will be read from front to back (posix_fadvise(2)); a hint.
    package borrowing func adviseSequential() {
        let number = lend { $0 }
        _ = posix_fadvise(number, 0, 0, POSIX_FADV_SEQUENTIAL)
    }

    /// Has the kernel let go of what it holds of the file and has written, so that it is read from the disk
    /// (posix_fadvise(2)); a hint.
    package borrowing func adviseNotNeeded() {
        let number = lend { $0 }
        _ = posix_fadvise(number, 0, 0, POSIX_FADV_DONTNEED)
    }
}
