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

    /// The outcome of `readCached`.
    package enum CachedRead: Hashable, Sendable {
        /// Bytes read, which may be fewer than there are; 0 at the end of the file.
        case count(Int)
        /// The disk would have to be waited for.
        case notCached
        /// The file system cannot tell (tmpfs and FUSE, say), nor a kernel before 4.14.
        case unsupported
    }

    /// preadv2(2) with RWF_NOWAIT: what is in the page cache, and never a wait for the disk.
    @inline(__always)
    package borrowing func readCached(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(SystemError) -> CachedRead {
        let number = lend { $0 }
        do throws(SystemError) {
            let count = try retryingUnlessBlocked(.preadv2) {
                clinux_pread_now(number, buffer.baseAddress, possible(.preadv2, buffer.count), off_t(offset))
            }
            return count.map { .count($0) } ?? .notCached
        } catch {
            switch error.code {
            case .notSupported, .notImplemented, .invalid: return .unsupported
            default: throw error
            }
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
