internal import CLinux
internal import Glibc
package import PassimCore

extension Descriptor {
    /// readlinkat(2) of a symlink in this directory.
    ///
    /// - Parameter name: a single component; it is not checked for `/`.
    /// - Throws: `.invalid` where it is no symlink; `.nameTooLong` where the target is longer than PATH_MAX.
    package borrowing func readLink(_ name: RawName) throws(SystemError) -> RawName {
        let directory = lend { $0 }
        return try name.withCString { (text) throws(SystemError) in
            try readTarget(of: name.description) { readlinkat(directory, text, $0, $1) }
        }
    }

    /// The path under which the kernel knows what is open here, as /proc/self/fd tells it (proc(5)).
    package borrowing func currentPath() throws(SystemError) -> RawName {
        let link = lend { "/proc/self/fd/\($0)" }
        return try readTarget(of: link) { readlink(link, $0, $1) }
    }
}

private func readTarget(
    of subject: String, _ call: (UnsafeMutablePointer<CChar>, Int) -> Int
) throws(SystemError) -> RawName {
    let size = 4096
    let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
    defer { buffer.deallocate() }
    let count = try retrying(.readlinkat, subject) { call(buffer, size) }
    if count == size { throw SystemError(code: .nameTooLong, call: .readlinkat, subject: subject) }
    return RawName(UnsafeRawBufferPointer(start: buffer, count: count))
}
