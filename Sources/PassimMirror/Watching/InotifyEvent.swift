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
