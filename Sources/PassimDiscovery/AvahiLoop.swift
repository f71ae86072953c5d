internal import CAvahi
internal import PassimSystem

/// Avahi's own event loop (simple-watch.h), on one thread; another may end its wait by way of `WakeUp`.
///
/// Calls of libavahi-client block for their answer, and what comes meanwhile is handed over by `turn`.
final class AvahiLoop {
    private let poll: OpaquePointer
    private let waker: Waker

    /// - Parameter waker: outlives the loop.
    init(_ waker: Waker) throws(AvahiError) {
        guard let poll = avahi_simple_poll_new() else {
            throw AvahiError(code: .noMemory, action: "making an event loop")
        }
        self.poll = poll
        self.waker = waker
        let interface = api
        let number = waker.wakeUp.descriptor.lend { $0 }
        // The watch goes with the loop.
        let watch = interface.pointee.watch_new(
            interface, number, AVAHI_WATCH_IN,
            { (_, _, _, waker) in Unmanaged<Waker>.fromOpaque(waker!).takeUnretainedValue().wakeUp.clear() },
            Unmanaged.passUnretained(waker).toOpaque())
        guard watch != nil else {
            avahi_simple_poll_free(poll)
            throw AvahiError(code: .noMemory, action: "watching for calls of other threads")
        }
    }

    deinit {
        avahi_simple_poll_free(poll)
    }

    /// For avahi_client_new().
    var api: UnsafePointer<AvahiPoll> { avahi_simple_poll_get(poll) }

    /// Waits for something to happen, at most so long, and calls whom it concerns.
    ///
    /// - Parameter deadline: in nanoseconds of `monotonicNanoseconds()`; nil waits without limit.
    func turn(until deadline: UInt64?) throws(AvahiError) {
        // -1 of poll(2) is handed on; EINTR the library sees to itself.
        try avahi("waiting for events", avahi_simple_poll_iterate(poll, pollMilliseconds(until: deadline)))
    }

    /// Ends the wait of the loop's thread, from any thread.
    final class Waker: Sendable {
        let wakeUp: WakeUp

        init() throws(SystemError) {
            wakeUp = try WakeUp()
        }

        func wake() { wakeUp.signal() }
    }
}
