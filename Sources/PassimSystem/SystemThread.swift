internal import CLinux
internal import Glibc
internal import PassimCore

/// A thread of our own, for a loop that blocks: the cooperative pool of Swift concurrency must not.
package final class SystemThread: Sendable {
    private let handle: Lock<pthread_t?>

    /// - Parameter name: at most 15 bytes, shown by top(1) and gdb(1).
    /// - Throws: `.again` where the limit of threads is reached.
    package init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let code = pthread_create(
            &thread, nil,
            { argument in
                let start = Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue()
                _ = clinux_name_this_thread(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard code == 0 else {
            start.release()
            throw SystemError(code: .init(rawValue: code), call: .pthread_create, subject: name)
        }
        handle = Lock(thread)
    }

    deinit {
        // Nobody waited: what the thread leaves would be kept for one who does.
        if let thread = handle.withLock({ $0 }) { pthread_detach(thread) }
    }

    /// Waits for the thread to end; the second call returns at once.
    package func join() {
        if let thread = handle.withLock({ handle in
            defer { handle = nil }
            return handle
        }) {
            pthread_join(thread, nil)
        }
    }

    /// Waits for the thread to end, until a time of `monotonicNanoseconds()`.
    ///
    /// - Returns: false for one that has not ended by then; nobody can wait for it any more.
    package func join(by deadline: UInt64) -> Bool {
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        guard let thread else { return true }
        #if PASSIM_SANITIZE
        let now = monotonicNanoseconds()
        let code = clinux_join_within(thread, Int64(clamping: deadline > now ? deadline - now : 0))
        #else
        let code = clinux_join_until(
            thread, Int64(deadline / 1_000_000_000), Int64(deadline % 1_000_000_000))
        #endif
        if code == 0 { return true }
        pthread_detach(thread)
        return false
    }

    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}

/// How many processors this thread may run on (sched_getaffinity(2)); at least 1. Those that are online
/// may be more: a service or container can be bound to some of them.
package func processorCount() -> Int {
    let allowed = Int(clinux_allowed_processors())
    return max(1, allowed > 0 ? allowed : Int(sysconf(CInt(_SC_NPROCESSORS_ONLN))))
}
