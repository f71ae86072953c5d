// The one user of libinotifytools, which keeps one global instance and takes no handle.
//
// It makes the instance and reads its events. Watches are added on its descriptor, by inotify_add_watch(2)
// itself (Inotify): the library finds a watch by the name that it was added with, and /proc/self/fd/57/
// means another directory each time; and of a directory that is deleted it keeps the record for ever, as it can
// only be told to forget what the kernel still knows (tried with 3.22: 224 bytes and a line on standard
// error for each). It does not tell its descriptor, so that is looked for where it must have appeared.

internal import CInotifyTools
internal import Glibc
internal import PassimCore
internal import PassimSystem

/// An inotify(7) instance; there is one at a time. All but `inotify` is for the thread that made it.
final class InotifyInstance {
    private static let isTaken = Lock(false)

    let inotify: Inotify
    /// Readable when there are events.
    let descriptor: CInt

    /// - Throws: `.tooManyFiles` where the user has as many instances as the kernel allows; `.exists` where
    ///   this process has one already.
    init() throws(SystemError) {
        let wasTaken = InotifyInstance.isTaken.withLock { isTaken in
            defer { isTaken = true }
            return isTaken
        }
        if wasTaken { throw SystemError(code: .exists, call: .inotify_init) }
        do throws(SystemError) {
            let found = try InotifyInstance.make()
            _ = fcntl(found, F_SETFD, FD_CLOEXEC)
            descriptor = found
            inotify = Inotify(found)
        } catch {
            InotifyInstance.isTaken.withLock { $0 = false }
            throw error
        }
    }

    deinit {
        inotifytools_cleanup()
        InotifyInstance.isTaken.withLock { $0 = false }
    }

    /// Has the library make its instance.
    ///
    /// - Returns: its descriptor.
    private static func make() throws(SystemError) -> CInt {
        // GLib has an instance of its own, made when somebody first needs it, which may be just now and on another
        // thread: then nobody knows which is which, and the library is to try again.
        for _ in 0..<tries {
            let before = try descriptors()
            guard inotifytools_initialize() == 1 else {
                throw SystemError(code: .init(rawValue: inotifytools_error()), call: .inotify_init)
            }
            let after = try descriptors().subtracting(before)
            // select(2), by which the library looks for events, knows no number past FD_SETSIZE.
            if let found = after.first, after.count == 1, found < 1024 { return found }
            inotifytools_cleanup()
        }
        throw SystemError(code: .tooManyFiles, call: .inotify_init)
    }

    private static let tries = 10

    /// The next event; nil where there is none now.
    func next() -> InotifyEvent? {
        guard let event = inotifytools_next_events(0, 1) else { return nil }
        return InotifyEvent(
            watch: event.pointee.wd, mask: InotifyMask(rawValue: event.pointee.mask),
            name: cinotifytools_name(event).map {
                RawName(UnsafeRawBufferPointer(start: $0, count: strlen($0)))
            })
    }

    /// The descriptors of inotify instances that this process has.
    private static func descriptors() throws(SystemError) -> Set<CInt> {
        let directory = try Descriptor.open("/proc/self/fd", [.readOnly, .directory])
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
        defer { buffer.deallocate() }
        var names: [RawName] = []
        try directory.forEachName(buffer: buffer) { (name, _) throws(SystemError) in
            names.append(RawName(name))
        }
        return Set(
            names.compactMap { name in
                // Closed since, by another thread: not the one looked for.
                guard let target = try? directory.readLink(name), target == RawName("anon_inode:inotify")
                else { return nil }
                return CInt(name.description)
            })
    }
}
