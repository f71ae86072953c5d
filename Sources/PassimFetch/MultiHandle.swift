// Many transfers on one thread: libcurl's multi_socket interface (libcurl-multi(3)) over our Poller. It
// touches only sockets on which something happens, where curl_multi_perform(3) looks at each at every turn.

internal import CCurl
internal import PassimSystem

/// A multi handle of libcurl and the sockets that it waits for; for one thread.
final class MultiHandle {
    private let pointer: UnsafeMutableRawPointer
    private let poller: Poller
    /// When libcurl wants to look at its own time limits; of `monotonicNanoseconds()`.
    private var timer: UInt64?

    /// The token that `wait` reports for a wake-up, and no socket's number.
    private static let wakeUpToken = UInt64.max
    private static let eventsPerTurn = 256

    /// - Parameter connections: how many stay open for the next transfer to the same peer.
    /// - Parameter onTrouble: waiting has failed and goes on; called by `turn`.
    init(keeping connections: Int, onTrouble: @escaping (SystemError) -> Void) throws {
        poller = try Poller(capacity: MultiHandle.eventsPerTurn, onTrouble: onTrouble)
        guard let pointer = curl_multi_init() else { throw CurlError(doing: "making a multi handle") }
        self.pointer = pointer
        let this = Unmanaged.passUnretained(self).toOpaque()
        try check(
            ccurl_multi_set_callbacks(pointer, MultiHandle.socketChanged, MultiHandle.timerChanged, this),
            "setting callbacks")
        try check(
            ccurl_multi_set_number(pointer, CURLMOPT_MAXCONNECTS, connections),
            "setting CURLMOPT_MAXCONNECTS")
    }

    /// Closes the connections that are kept. All transfers are removed before.
    deinit {
        // Nobody is called back who is half gone; sockets that are closed leave the poller by themselves.
        _ = ccurl_multi_set_callbacks(pointer, nil, nil, nil)
        curl_multi_cleanup(pointer)
    }

    /// Has `wakeUp` end the wait of `turn`; whoever is woken clears it.
    func watch(_ wakeUp: borrowing WakeUp) throws(SystemError) {
        try poller.add(wakeUp.descriptor.lend { $0 }, .input, token: MultiHandle.wakeUpToken)
    }

    func add(_ easy: EasyHandle) throws(CurlError) {
        try check(easy.lend { curl_multi_add_handle(pointer, $0) }, "adding a transfer")
    }

    /// Ends the transfer, if it has not ended.
    func remove(_ easy: EasyHandle) throws(CurlError) {
        try check(easy.lend { curl_multi_remove_handle(pointer, $0) }, "removing a transfer")
    }

    /// Waits until something happens or `deadline` (of `monotonicNanoseconds()`) is there, and lets libcurl
    /// do what is to be done.
    func turn(until deadline: UInt64?) throws {
        let end = [timer, deadline].compactMap { $0 }.min()
        let count = try poller.wait(milliseconds: pollMilliseconds(until: end))
        for index in 0..<count {
            let event = poller.event(index)
            if event.token != MultiHandle.wakeUpToken {
                try act(CInt(truncatingIfNeeded: event.token), MultiHandle.flags(event.interest))
            }
        }
        if let timer, timer <= monotonicNanoseconds() {
            self.timer = nil
            try act(ccurl_no_socket(), 0)
        }
    }

    /// The next transfer that has ended, and is to be removed.
    func nextEnded() -> (easy: UnsafeMutableRawPointer, result: CURLcode)? {
        var left: CInt = 0
        while let message = curl_multi_info_read(pointer, &left) {
            if message.pointee.msg == CURLMSG_DONE {
                return (message.pointee.easy_handle, message.pointee.data.result)
            }
        }
        return nil
    }

    private func act(_ socket: CInt, _ flags: CInt) throws(CurlError) {
        var running: CInt = 0
        try check(curl_multi_socket_action(pointer, socket, flags, &running), "working on a transfer")
    }

    private static func flags(_ interest: Poller.Interest) -> CInt {
        var flags: CInt = 0
        if interest.contains(.input) { flags |= CURL_CSELECT_IN }
        if interest.contains(.output) { flags |= CURL_CSELECT_OUT }
        if !interest.isDisjoint(with: [.error, .hangUp]) { flags |= CURL_CSELECT_ERR }
        return flags
    }

    private func check(_ code: CURLMcode, _ action: String) throws(CurlError) {
        guard code == CURLM_OK else { throw CurlError(doing: action, code) }
    }

    // MARK: Callbacks, from within the calls above

    private static let socketChanged: curl_socket_callback = { _, socket, what, user, _ in
        let multi = Unmanaged<MultiHandle>.fromOpaque(user!).takeUnretainedValue()
        multi.watch(socket, what)
        return 0
    }

    private static let timerChanged: curl_multi_timer_callback = { _, milliseconds, user in
        let multi = Unmanaged<MultiHandle>.fromOpaque(user!).takeUnretainedValue()
        multi.timer = milliseconds < 0 ? nil : monotonicNanoseconds() + UInt64(milliseconds) * 1_000_000
        return 0
    }

    /// If epoll_ctl(2) fails (no memory), nothing is heard of the socket, and its transfer ends with its time
    /// limit.
    private func watch(_ socket: CInt, _ what: CInt) {
        var interest: Poller.Interest = []
        switch what {
        case CURL_POLL_IN: interest = .input
        case CURL_POLL_OUT: interest = .output
        case CURL_POLL_INOUT: interest = [.input, .output]
        default:
            try? poller.remove(socket)
            return
        }
        let token = UInt64(socket)
        do throws(SystemError) {
            try poller.modify(socket, interest, token: token)
        } catch {
            try? poller.add(socket, interest, token: token)
        }
    }
}
