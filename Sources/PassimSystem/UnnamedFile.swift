internal import CLinux
internal import Glibc
package import PassimCore

extension Descriptor {
    /// open(2) with O_TMPFILE, for reading and writing: a file in this directory that has no name.
    ///
    /// - Throws: `.notSupported` where the file system has none, `.isDirectory` where the kernel has none.
    package borrowing func openUnnamed(mode: UInt32) throws(SystemError) -> Descriptor {
        let directory = lend { $0 }
        let flags = CInt(CLINUX_O_TMPFILE) | O_RDWR | O_CLOEXEC
        return Descriptor(
            owning: try retrying(.openat, "a file without a name") {
                Glibc.openat(directory, ".", flags, mode_t(mode))
            })
    }

    /// linkat(2): gives a file that was opened without a name one in this directory, in place of what has it.
    ///
    /// linkat(2) replaces nothing, so that there is a moment in which nothing has the name.
    package borrowing func link(_ file: borrowing Descriptor, as name: RawName) throws(SystemError) {
        let directory = lend { $0 }
        // Without a privilege a descriptor is linked by its path in /proc only.
        let source = "/proc/self/fd/\(file.lend { $0 })"
        var tries = 0
        while true {
            do throws(SystemError) {
                _ = try name.withCString { (text) throws(SystemError) in
                    try retrying(.linkat, name.description) {
                        linkat(AT_FDCWD, source, directory, text, AT_SYMLINK_FOLLOW)
                    }
                }
                return
            } catch {
                tries += 1
                guard error.code == .exists, tries <= 10 else { throw error }
            }
            do throws(SystemError) {
                try unlink(name)
            } catch {
                if error.code != .notFound { throw error }
            }
        }
    }

    /// renameat(2) from this directory to another one; an existing `new` is replaced.
    package borrowing func rename(
        _ old: RawName, to new: RawName, in other: borrowing Descriptor
    ) throws(SystemError) {
        let (number, otherNumber) = (lend { $0 }, other.lend { $0 })
        _ = try old.withCString { (oldText) throws(SystemError) in
            try new.withCString { (newText) throws(SystemError) in
                try retrying(.renameat, "\(old) to \(new)") {
                    renameat(number, oldText, otherNumber, newText)
                }
            }
        }
    }
}
