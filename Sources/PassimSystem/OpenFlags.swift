internal import CLinux
internal import Glibc
package import PassimCore

/// How a file is opened; O_CLOEXEC is always added. See open(2).
package struct OpenFlags: OptionSet, Hashable, Sendable {
    package let rawValue: CInt

    package init(rawValue: CInt) {
        self.rawValue = rawValue
    }

    package static let readOnly = OpenFlags(rawValue: O_RDONLY)
    package static let writeOnly = OpenFlags(rawValue: O_WRONLY)
    package static let readWrite = OpenFlags(rawValue: O_RDWR)
    package static let create = OpenFlags(rawValue: O_CREAT)
    package static let exclusive = OpenFlags(rawValue: O_EXCL)
    package static let truncate = OpenFlags(rawValue: O_TRUNC)
    package static let append = OpenFlags(rawValue: O_APPEND)
    package static let directory = OpenFlags(rawValue: O_DIRECTORY)
    package static let noFollow = OpenFlags(rawValue: O_NOFOLLOW)
    package static let nonBlocking = OpenFlags(rawValue: O_NONBLOCK)
    /// No terminal becomes the controlling one, no atime is charged for what a scan reads.
    package static let noControllingTerminal = OpenFlags(rawValue: O_NOCTTY)
    /// Only a place in the tree: no permission on the file is needed, and nothing can be read.
    package static let path = OpenFlags(rawValue: CInt(CLINUX_O_PATH))
}

extension Descriptor {
    /// open(2) of a path of the file system, symlinks followed unless `flags` says otherwise.
    package static func open(
        _ path: String, _ flags: OpenFlags, mode: UInt32 = 0o600
    ) throws(SystemError) -> Descriptor {
        let number = try retrying(.open, path) { Glibc.open(path, flags.rawValue | O_CLOEXEC, mode_t(mode)) }
        return Descriptor(owning: number)
    }

    /// open(2) of a path of any bytes.
    package static func open(
        _ path: RawName, _ flags: OpenFlags, mode: UInt32 = 0o600
    ) throws(SystemError) -> Descriptor {
        let number = try path.withCString { (text) throws(SystemError) in
            try retrying(.open, path.description) {
                Glibc.open(text, flags.rawValue | O_CLOEXEC, mode_t(mode))
            }
        }
        return Descriptor(owning: number)
    }

    /// openat(2) of one name in this directory.
    ///
    /// - Parameter name: a single component; it is not checked for `/`.
    package borrowing func open(
        _ name: RawName, _ flags: OpenFlags, mode: UInt32 = 0o600
    ) throws(SystemError) -> Descriptor {
        let directory = lend { $0 }
        let number = try name.withCString { (text) throws(SystemError) in
            try retrying(.openat, name.description) {
                Glibc.openat(directory, text, flags.rawValue | O_CLOEXEC, mode_t(mode))
            }
        }
        return Descriptor(owning: number)
    }

    /// One step of open(2) along a path: what has this name in this directory.
    package borrowing func openStep(_ name: RawName, _ flags: OpenFlags) throws(SystemError) -> Descriptor {
        let directory = lend { $0 }
        let number = try name.withCString { (text) throws(SystemError) in
            try retrying(.open, name.description) {
                Glibc.openat(directory, text, flags.rawValue | O_CLOEXEC)
            }
        }
        return Descriptor(owning: number)
    }
}
