internal import CLinux

/// The calls that this target makes, for error messages and for faults injected by tests. The names are
/// those of the manual pages.
// swift-format-ignore: AlwaysUseLowerCamelCase
package enum SystemCall: String, CaseIterable, Sendable {
    case accept4, bind, dup, epoll_create1, epoll_ctl, epoll_wait, eventfd, fchmod, fchown
    case fdatasync, fgetxattr, flock, fremovexattr, fsetxattr, fstat, fstatfs, fstatvfs, fsync, ftruncate
    case futimens
    case getdents64, getifaddrs, getsockname, inotify_add_watch, inotify_init, ioctl, linkat, listen
    case mkdirat
    case open, openat, openat2, poll, pread, preadv2, pthread_create, read, readlinkat, recv, recvmsg
    case renameat, send, sendto, setfsuid, setsockopt, socket, statx, syncfs, unlinkat, write
}

/// How many of so many bytes a call is asked to read or write: all, but where a test has it do less.
@inline(__always)
func possible(_ call: SystemCall, _ count: Int) -> Int {
    #if DEBUG
    if let limit = FaultPlan.current?.limit(call) { return min(limit, count) }
    #endif
    return count
}

/// The one place that reads errno and repeats what a signal interrupted.
///
/// - Returns: the call's result, which is not -1.
@inline(__always)
func retrying<Result: FixedWidthInteger & SignedInteger>(
    _ call: SystemCall, _ subject: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemError) -> Result {
    while true {
        #if DEBUG
        if let code = FaultPlan.current?.take(call) {
            if code == .interrupted { continue }
            throw SystemError(code: code, call: call, subject: subject())
        }
        #endif
        let result = body()
        if result != -1 { return result }
        let code = SystemError.Code(rawValue: clinux_errno())
        if code == .interrupted { continue }
        throw SystemError(code: code, call: call, subject: subject())
    }
}

/// As `retrying`, for calls on non-blocking descriptors.
///
/// - Returns: nil where the call would block (EAGAIN).
@inline(__always)
func retryingUnlessBlocked<Result: FixedWidthInteger & SignedInteger>(
    _ call: SystemCall, _ body: () -> Result
) throws(SystemError) -> Result? {
    while true {
        #if DEBUG
        if let code = FaultPlan.current?.take(call) {
            if code == .interrupted { continue }
            if code == .again { return nil }
            throw SystemError(code: code, call: call)
        }
        #endif
        let result = body()
        if result != -1 { return result }
        let code = SystemError.Code(rawValue: clinux_errno())
        if code == .interrupted { continue }
        if code == .again { return nil }
        throw SystemError(code: code, call: call)
    }
}
