internal import CLinux
internal import Glibc

/// An epoll(7) instance and its buffer of events; for one thread, but descriptors may be added from others.
package struct Poller: ~Copyable {
    private let descriptor: Descriptor
    private let events: UnsafeMutablePointer<epoll_event>
    private let capacity: Int
    private let trouble: UnsafeMutablePointer<Trouble>
    private let onTrouble: (SystemError) -> Void

    private struct Trouble {
        var inARow = 0
        /// When it may be told again.
        var tellAt: UInt64 = 0
    }

    /// Waits that may fail one after the other, and nanoseconds between them and between being told of them.
    private static let patience = 300
    private static let pause: UInt64 = 10_000_000
    private static let silence: UInt64 = 60_000_000_000

    package struct Interest: OptionSet, Sendable {
        package let rawValue: UInt32

        package init(rawValue: UInt32) {
            self.rawValue = rawValue
        }

        package static let input = Interest(rawValue: EPOLLIN.rawValue)
        package static let output = Interest(rawValue: EPOLLOUT.rawValue)
        /// An exceptional condition.
        package static let priority = Interest(rawValue: EPOLLPRI.rawValue)
        /// As few as possible of the pollers that wait for one descriptor wake (EPOLLEXCLUSIVE).
        package static let exclusive = Interest(rawValue: 1 << 28)
        /// Reported always, never asked for.
        package static let error = Interest(rawValue: EPOLLERR.rawValue)
        package static let hangUp = Interest(rawValue: EPOLLHUP.rawValue)
    }

    /// - Parameter onTrouble: waiting has failed and goes on; called on the thread that waits, once a minute at
    ///   most.
    package init(
        capacity: Int, onTrouble: @escaping (SystemError) -> Void = { _ in }
    ) throws(SystemError) {
        descriptor = Descriptor(
            owning: try retrying(.epoll_create1) { epoll_create1(CInt(EPOLL_CLOEXEC)) })
        events = .allocate(capacity: capacity)
        self.capacity = capacity
        self.onTrouble = onTrouble
        trouble = .allocate(capacity: 1)
        trouble.initialize(to: Trouble())
    }

    deinit {
        events.deallocate()
        trouble.deallocate()
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
    /// An error that the kernel never gives by itself and a filter or a layer below may, ENOMEM say, must not
    /// end a thread on which others wait: it counts as having waited in vain, after a pause so that nobody
    /// spins.
    ///
    /// - Parameter milliseconds: -1 waits without limit.
    /// - Returns: how many events there are, 0 after the time or a signal; read them with `event(_:)`.
    /// - Throws: where trying again makes no sense, or has not helped for some seconds.
    package borrowing func wait(milliseconds: CInt) throws(SystemError) -> Int {
        do throws(SystemError) {
            let count = try waitOnce(milliseconds)
            trouble.pointee.inARow = 0
            return count
        } catch {
            trouble.pointee.inARow += 1
            let isHopeless = error.code == .badDescriptor || error.code == .invalid
            if isHopeless || trouble.pointee.inARow > Poller.patience { throw error }
            let now = monotonicNanoseconds()
            if now >= trouble.pointee.tellAt {
                trouble.pointee.tellAt = now + Poller.silence
                onTrouble(error)
            }
            EventCount().wait(after: 0, until: now + Poller.pause)
            return 0
        }
    }

    private borrowing func waitOnce(_ milliseconds: CInt) throws(SystemError) -> Int {
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
