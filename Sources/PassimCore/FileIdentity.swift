/// A time of the file system: seconds since 1970 and nanoseconds 0–999 999 999, as stat(2) gives them.
package struct Timestamp: Hashable, Sendable, Comparable {
    package var seconds: Int64
    package var nanoseconds: UInt32

    package init(seconds: Int64, nanoseconds: UInt32) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (one: Timestamp, other: Timestamp) -> Bool {
        (one.seconds, one.nanoseconds) < (other.seconds, other.nanoseconds)
    }
}

/// The facts of stat(2) that must not have changed for a file's bytes to be those that were hashed.
///
/// Size, mtime and inode alone are not enough: `tar x` and `cp -p` over a file of the same size put the
/// mtime back, and only ctime tells.
package struct FileIdentity: Hashable, Sendable {
    package var device: UInt64
    package var inode: UInt64
    /// Bytes.
    package var size: UInt64
    package var modified: Timestamp
    package var changed: Timestamp

    package init(device: UInt64, inode: UInt64, size: UInt64, modified: Timestamp, changed: Timestamp) {
        self.device = device
        self.inode = inode
        self.size = size
        self.modified = modified
        self.changed = changed
    }

    /// The same bytes as far as anything but a change of attributes can tell: all but ctime.
    package func sameContent(as other: FileIdentity) -> Bool {
        device == other.device && inode == other.inode && size == other.size && modified == other.modified
    }
}
