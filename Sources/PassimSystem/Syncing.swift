internal import CLinux
internal import Glibc

extension Descriptor {
    /// fdatasync(2): returns when the content of this file, and what is needed to read it, is on the disk.
    package borrowing func syncContent() throws(SystemError) {
        let number = lend { $0 }
        _ = try retrying(.fdatasync) { fdatasync(number) }
    }

    /// syncfs(2): the same for all files of the file system that this file, which is not open as a place only, is on.
    ///
    /// - Throws: since Linux 5.8 also where writing back of any file has failed since this one was opened.
    package borrowing func syncFileSystem() throws(SystemError) {
        let number = lend { $0 }
        _ = try retrying(.syncfs) { clinux_syncfs(number) }
    }
}
