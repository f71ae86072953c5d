internal import Glibc
internal import PassimSystem

/// The client's TCP connection: non-blocking, each wait with an end.
struct ClientSocket: ~Copyable {
    private let descriptor: Descriptor

    /// - Parameter address: numeric, IPv4 or IPv6, a scope with `%`.
    /// - Parameter receiveBuffer: bytes for SO_RCVBUF, set before connecting so that the window follows;
    ///   nil leaves it to the kernel.
    static func connect(
        to address: String, port: UInt16, receiveBuffer: Int?, until deadline: UInt64
    ) throws(TLSClient.Failure) -> ClientSocket {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, String(port), &hints, &found) == 0, let place = found else {
            throw .system(code: EINVAL, doing: "reading the address \(address)")
        }
        defer { freeaddrinfo(found) }
        let number = socket(
            place.pointee.ai_family,
            CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard number >= 0 else { throw .system(code: errno, doing: "making a socket") }
        let made = ClientSocket(descriptor: Descriptor(owning: number))
        if var size = receiveBuffer.map({ CInt(clamping: $0) }) {
            setsockopt(number, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        }
        var one: CInt = 1
        setsockopt(number, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        if Glibc.connect(number, place.pointee.ai_addr, place.pointee.ai_addrlen) == 0 { return made }
        guard errno == EINPROGRESS else { throw ClientSocket.failure(errno, "connecting") }
        try made.wait(for: Int16(POLLOUT), until: deadline, doing: "connecting")
        var code: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        getsockopt(number, SOL_SOCKET, SO_ERROR, &code, &length)
        if code != 0 { throw ClientSocket.failure(code, "connecting") }
        return made
    }

    borrowing func lend<Result>(_ body: (CInt) -> Result) -> Result {
        descriptor.lend(body)
    }

    /// poll(2).
    ///
    /// - Parameter deadline: of `monotonicNanoseconds()`.
    borrowing func wait(
        for events: Int16, until deadline: UInt64, doing: String
    ) throws(TLSClient.Failure) {
        let number = descriptor.lend { $0 }
        while true {
            let now = monotonicNanoseconds()
            guard now < deadline else { throw .timedOut(doing: doing) }
            var wanted = pollfd(fd: number, events: events, revents: 0)
            // Rounded up: never a turn of no time before the end.
            let milliseconds = CInt(clamping: (deadline - now + 999_999) / 1_000_000)
            let count = poll(&wanted, 1, milliseconds)
            if count > 0 { return }
            if count < 0, errno != EINTR { throw .system(code: errno, doing: doing) }
        }
    }

    borrowing func send(_ bytes: [UInt8], until deadline: UInt64) throws(TLSClient.Failure) {
        let number = descriptor.lend { $0 }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(number, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count >= 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                try wait(for: Int16(POLLOUT), until: deadline, doing: "sending")
            } else if errno != EINTR {
                throw ClientSocket.failure(errno, "sending")
            }
        }
    }

    /// - Returns: empty where the peer has ended its side.
    borrowing func receive(upTo count: Int, until deadline: UInt64) throws(TLSClient.Failure) -> [UInt8] {
        let number = descriptor.lend { $0 }
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let received = recv(number, &bytes, count, 0)
            if received >= 0 { return Array(bytes[..<received]) }
            if errno == EAGAIN {
                try wait(for: Int16(POLLIN), until: deadline, doing: "receiving")
            } else if errno != EINTR {
                throw ClientSocket.failure(errno, "receiving")
            }
        }
    }

    /// shutdown(2) of our side: the peer reads the end (FIN).
    borrowing func endSending() {
        let number = descriptor.lend { $0 }
        _ = shutdown(number, CInt(SHUT_WR))
    }

    /// Closing sends a reset and throws away what waits on both sides (SO_LINGER of 0, socket(7)).
    borrowing func resetWhenClosed() {
        let number = descriptor.lend { $0 }
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(number, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// The port on this side, as the server sees it.
    borrowing func localPort() -> UInt16 {
        let number = descriptor.lend { $0 }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        _ = withUnsafeMutablePointer(to: &storage) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &length) }
        }
        // sin_port and sin6_port are at the same place.
        return withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
    }

    static func failure(_ code: CInt, _ doing: String) -> TLSClient.Failure {
        switch code {
        case ECONNRESET, EPIPE: .reset
        case ECONNREFUSED: .refused
        default: .system(code: code, doing: doing)
        }
    }
}
