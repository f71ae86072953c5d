internal import CLinux
internal import Glibc
package import PassimCore

extension Descriptor {
    /// write(2) until all of `bytes` is written.
    package borrowing func writeAll(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
        var rest = bytes
        while !rest.isEmpty {
            rest = UnsafeRawBufferPointer(rebasing: rest[try write(rest)...])
        }
    }

    /// One write(2).
    ///
    /// - Returns: bytes taken, which may be fewer, and none only of none.
    package borrowing func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
        let number = lend { $0 }
        let size = bytes.isEmpty ? 0 : possible(.write, bytes.count)
        let count = try retrying(.write) { Glibc.write(number, bytes.baseAddress, size) }
        // Trying until all is written would go on for ever.
        if count == 0, !bytes.isEmpty { throw SystemError(code: .noSpace, call: .write) }
        return count
    }

    package borrowing func writeAll(_ bytes: [UInt8]) throws(SystemError) {
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemError) { try writeAll(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// fsync(2).
    package borrowing func sync() throws(SystemError) {
        let number = lend { $0 }
        _ = try retrying(.fsync) { fsync(number) }
    }

    /// fchmod(2).
    package borrowing func changeMode(_ mode: UInt32) throws(SystemError) {
        let number = lend { $0 }
        _ = try retrying(.fchmod) { fchmod(number, mode_t(mode)) }
    }

    /// fchown(2). Only root may give a file away.
    package borrowing func changeOwner(_ user: UInt32, group: UInt32) throws(SystemError) {
        let number = lend { $0 }
        _ = try retrying(.fchown) { fchown(number, user, group) }
    }

    /// futimens(3): sets mtime; atime stays.
    package borrowing func setModified(_ time: Timestamp) throws(SystemError) {
        let number = lend { $0 }
        // UTIME_OMIT of <sys/stat.h>, a macro of an expression.
        let times = [
            timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2),
            timespec(tv_sec: Int(time.seconds), tv_nsec: Int(time.nanoseconds)),
        ]
        _ = try retrying(.futimens) { futimens(number, times) }
    }

    /// mkdirat(2) in this directory.
    package borrowing func makeDirectory(_ name: RawName, mode: UInt32) throws(SystemError) {
        let number = lend { $0 }
        _ = try name.withCString { (text) throws(SystemError) in
            try retrying(.mkdirat, name.description) { mkdirat(number, text, mode_t(mode)) }
        }
    }

    /// unlinkat(2) of a file in this directory.
    package borrowing func unlink(_ name: RawName) throws(SystemError) {
        let number = lend { $0 }
        _ = try name.withCString { (text) throws(SystemError) in
            try retrying(.unlinkat, name.description) { unlinkat(number, text, 0) }
        }
    }

    /// renameat(2) within this directory; an existing `new` is replaced.
    package borrowing func rename(_ old: RawName, to new: RawName) throws(SystemError) {
        let number = lend { $0 }
        _ = try old.withCString { (oldText) throws(SystemError) in
            try new.withCString { (newText) throws(SystemError) in
                try retrying(.renameat, "\(old) to \(new)") { renameat(number, oldText, number, newText) }
            }
        }
    }
}

/// The directory of what a path names: `/` or `.` where the path tells no other.
package func parentDirectory(of path: String) -> String {
    let parent = RawName(path).parent
    if parent.bytes.isEmpty { return path.utf8.first == UInt8(ascii: "/") ? "/" : "." }
    return String(decoding: parent.bytes, as: UTF8.self)
}

/// mkdir(2) of `path` and of what is missing above it.
///
/// - Parameter mode: of directories that are made; existing ones stay as they are.
/// - Throws: `.notDirectory` where there is something else.
package func makeDirectories(_ path: String, mode: UInt32) throws(SystemError) {
    // Bytes: a slash and an accent behind it are one character.
    let slash = UInt8(ascii: "/")
    var prefix = path.utf8.first == slash ? "/" : ""
    for component in path.utf8.split(separator: slash) {
        prefix += (prefix.isEmpty || prefix == "/" ? "" : "/") + Substring(component)
        do throws(SystemError) {
            let wanted = prefix
            _ = try retrying(.mkdirat, wanted) { mkdir(wanted, mode_t(mode)) }
        } catch {
            // EEXIST is said of a file too, and a read-only parent answers EROFS or EACCES even for what
            // exists.
            var status = stat()
            if stat(prefix, &status) == 0 {
                if status.st_mode & S_IFMT == S_IFDIR { continue }
                throw SystemError(code: .notDirectory, call: .mkdirat, subject: prefix)
            }
            throw error
        }
    }
}
