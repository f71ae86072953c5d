internal import CLinux
internal import Glibc

/// An epoll(7) instance and its buffer of events; for one thread, but descriptors may be added from others.
package struct Poller: ~Copyable {
    private let descriptor: Descriptor
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity: Int

    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        package static let input = Interest(rawValue: EPOLLIN.rawValue)
        package static let output = Interest(rawValue: EPOLLOUT.rawValue)
        /// An exceptional condition.
        package static let priority = Interest(rawValue: EPOLLPRI.rawValue)
        /// Of the pollers that wait for one descriptor, as few as possible wake (EPOLLEXCLUSIVE).
        package static let exclusive = Interest(rawValue: 1 << 28)
        /// Reported always, never asked for.
        package static let error = Interest(rawValue: EPOLLERR.rawValue)
        package static let hangUp = Interest(rawValue: EPOLLHUP.rawValue)
    }

    package init(capacity: Int) throws(SystemError) {
        descriptor = Descriptor(
            owning: try retrying(.epoll_create1) { epoll_create1(CInt(EPOLL_CLOEXEC)) })
        events = .allocate(capacity: capacity)
        self.capacity = capacity
    }

    deinit {
        events.deallocate()
    }

    package borrowing func add(_ number: CInt, _ interest: Interest, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_ADD, number, interest, token)
    }

    package borrowing func modify(_ number: CInt, _ interest: Interest, token: UInt64) throws(SystemError) {
        try control(EPOLL_CTL_MOD, number, interest, token)
    }

    package borrowing func remove(_ number: CInt) throws(SystemError) {
        try control(EPOLL_CTL_DEL, number, [], 0)
    }

    private borrowing func control(
        _ operation: CInt, _ number: CInt, _ interest: Interest, _ token: UInt64
    ) throws(SystemError) {
        let epoll = descriptor.lend { $0 }
        _ = try retrying(.epoll_ctl) { clinux_epoll_ctl(epoll, operation, number, interest.rawValue, token) }
    }

    /// epoll_wait(2).
    ///
    /// - Parameter milliseconds: -1 waits without limit.
    /// - Returns: how many events there are, 0 after the time or a signal; read them with `event(_:)`.
    package borrowing func wait(milliseconds: CInt) throws(SystemError) -> Int {
        let epoll = descriptor.lend { $0 }
        #if DEBUG
        if let code = FaultPlan.current?.take(.epoll_wait) {
            if code == .interrupted { return 0 }
            throw SystemError(code: code, call: .epoll_wait)
        }
        #endif
        let count = epoll_wait(epoll, events, CInt(capacity), milliseconds)
        if count >= 0 { return Int(count) }
        let code = SystemError.Code(rawValue: clinux_errno())
        if code == .interrupted { return 0 }
        throw SystemError(code: code, call: .epoll_wait)
    }

    /// The event at `index` of the last wait.
    @inline(__always)
    package borrowing func event(_ index: Int) -> (token: UInt64, interest: Interest) {
        (clinux_epoll_token(events + index), Interest(rawValue: clinux_epoll_events(events + index)))
    }
}
