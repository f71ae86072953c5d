internal import CLinux
internal import Glibc

/// Events that inotify(7) reports, and flags for asking.
package struct InotifyMask: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static let modified = InotifyMask(IN_MODIFY)
    package static let attributesChanged = InotifyMask(IN_ATTRIB)
    package static let closedAfterWriting = InotifyMask(IN_CLOSE_WRITE)
    package static let movedFrom = InotifyMask(IN_MOVED_FROM)
    package static let movedTo = InotifyMask(IN_MOVED_TO)
    package static let created = InotifyMask(IN_CREATE)
    package static let deleted = InotifyMask(IN_DELETE)
    package static let deletedSelf = InotifyMask(IN_DELETE_SELF)
    package static let movedSelf = InotifyMask(IN_MOVE_SELF)
    /// The watch is gone: removed, or its directory deleted or unmounted.
    package static let ignored = InotifyMask(IN_IGNORED)
    package static let unmounted = InotifyMask(IN_UNMOUNT)
    /// Events were lost.
    package static let overflow = InotifyMask(IN_Q_OVERFLOW)
    /// The event is about a directory.
    package static let isDirectory = InotifyMask(IN_ISDIR)

    /// Nothing of files that have no name any more.
    package static let onlyLinked = InotifyMask(IN_EXCL_UNLINK)
    package static let onlyDirectories = InotifyMask(IN_ONLYDIR)
    /// Adds to the events that were asked for before (IN_MASK_ADD).
    package static let more = InotifyMask(IN_MASK_ADD)

    private init(_ flag: some BinaryInteger) {
        rawValue = UInt32(truncatingIfNeeded: flag)
    }
}

/// The calls on an inotify(7) instance that somebody else owns; from any thread.
package struct Inotify: Sendable {
    /// The instance's descriptor.
    private let number: CInt

    package init(_ number: CInt) {
        self.number = number
    }

    /// inotify_add_watch(2) on an open directory, by its descriptor: at any depth, and whatever has become of
    /// its path meanwhile.
    ///
    /// - Returns: the watch descriptor; the same for the same directory as long as it is watched.
    /// - Throws: `.noSpace` where the user has as many watches as the kernel allows.
    package func add(_ directory: borrowing Descriptor, _ mask: InotifyMask) throws(SystemError) -> CInt {
        let path = directory.lend { "/proc/self/fd/\($0)/" }
        return try retrying(.inotify_add_watch) { inotify_add_watch(number, path, mask.rawValue) }
    }

    /// inotify_rm_watch(2). A watch that has gone by itself is no error.
    package func remove(_ watch: CInt) {
        _ = inotify_rm_watch(number, watch)
    }
}
