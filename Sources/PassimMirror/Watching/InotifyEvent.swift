internal import Glibc
internal import PassimCore
internal import PassimSystem

/// One event of inotify(7).
struct InotifyEvent: Equatable {
    /// The watch descriptor; -1 where events were lost.
    var watch: CInt
    var mask: InotifyMask
    /// In the watched directory; nil where the event is about the directory itself.
    var name: RawName?
}

extension InotifyEvent {
    /// The inode of a file that was made without a name (O_TMPFILE of open(2)): the kernel calls it `#INODE` in the
    /// directory that it was opened in, for as long as it is open, also when it has been linked to a name.
    static func inode(inName name: RawName) -> UInt64? {
        guard name.bytes.first == 0x23, name.bytes.count > 1 else { return nil }
        return UInt64(String(decoding: name.bytes.dropFirst(), as: UTF8.self))
    }
}
