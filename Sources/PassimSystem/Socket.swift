internal import CLinux
internal import Glibc
package import PassimCore

/// The calls that a TCP server needs; a socket is a `Descriptor`.
package enum Socket {
    /// A place to listen at.
    package enum Place: Hashable, Sendable {
        /// Every IPv4 or every IPv6 address of this host.
        case every(v6: Bool)
        case address(IPAddress)
        /// Every address of one interface, by name.
        case interface(String, v6: Bool)
    }

    /// A listening, non-blocking TCP socket.
    ///
    /// IPv6 sockets take IPv6 only. An address that this host does not have (yet) is accepted, as ip(7)
    /// says of IP_FREEBIND: it may come with the network.
    ///
    /// - Parameter port: 0 takes a free one.
    /// - Parameter sharing: the port may be bound beside sockets of this user that share it as well.
    /// - Throws: `.addressInUse`; `.noSuchInterface`.
    package static func listen(
        _ place: Place, port: UInt16, sharing: Bool = false
    ) throws(SystemError) -> Descriptor {
        let address: IPAddress
        switch place {
        case .every(v6: false), .interface(_, v6: false): address = IPAddress(ipv4: 0)
        case .every(v6: true), .interface(_, v6: true): address = IPAddress(high: 0, low: 0)
        case .address(let one): address = one
        }
        let family = address.isIPv4 ? AF_INET : AF_INET6
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = try retrying(.socket) { socket(family, kind, 0) }
        let listener = Descriptor(owning: number)
        try listener.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
        if sharing { try listener.sharePort(true) }
        if !address.isIPv4 { try listener.setOption(CInt(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        if case .address = place { try listener.setOption(CInt(IPPROTO_IP), IP_FREEBIND, 1) }
        if case .interface(let name, _) = place {
            _ = try retrying(.setsockopt, "SO_BINDTODEVICE \(name)") {
                setsockopt(number, SOL_SOCKET, SO_BINDTODEVICE, name, socklen_t(name.utf8.count))
            }
        }
        _ = try retrying(.bind, "\(address) port \(port)") {
            address.withSocketAddress(port: port) { bind(number, $0, $1) }
        }
        _ = try retrying(.listen, "\(address) port \(port)") { Glibc.listen(number, 4096) }
        return listener
    }
}

extension Socket.Place: CustomStringConvertible {
    package var description: String {
        switch self {
        case .every(let v6): v6 ? "every IPv6 address" : "every IPv4 address"
        case .address(let address): "\(address)"
        case .interface(let name, let v6): "\(name) (\(v6 ? "IPv6" : "IPv4"))"
        }
    }
}

extension Descriptor {
    borrowing func setOption(_ level: CInt, _ option: CInt, _ value: CInt) throws(SystemError) {
        var value = value
        let number = lend { $0 }
        _ = try retrying(.setsockopt) {
            setsockopt(number, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
        }
    }

    /// Lets other sockets of this user be bound to the port beside this one, or not (SO_REUSEPORT, socket(7)). The
    /// kernel looks at it when the other one is bound.
    package borrowing func sharePort(_ isShared: Bool) throws(SystemError) {
        try setOption(SOL_SOCKET, SO_REUSEPORT, isShared ? 1 : 0)
    }

    /// Small responses leave at once (TCP_NODELAY, tcp(7)): what belongs together is written together.
    package borrowing func sendWithoutDelay() {
        // A peer that is gone already makes this fail; the next read tells.
        try? setOption(CInt(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    /// The port a socket is bound to.
    package borrowing func boundPort() throws(SystemError) -> UInt16 {
        let storage = try boundName()
        // sin_port and sin6_port are at the same place.
        return withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
    }

    /// The address a socket is bound to: of a connection, this end's; nil if it is none of IP.
    package borrowing func boundAddress() throws(SystemError) -> IPAddress? { IPAddress(try boundName()) }

    private borrowing func boundName() throws(SystemError) -> sockaddr_storage {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let number = lend { $0 }
        _ = try retrying(.getsockname) {
            withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(number, $0, &length) }
            }
        }
        return storage
    }

    /// accept4(2), non-blocking.
    ///
    /// - Returns: nil where nobody waits, or whoever waited has gone again.
    /// - Throws: `.tooManyFiles`, `.tooManyFilesInSystem`, `.noBuffers`, `.outOfMemory`: try again later.
    package borrowing func accept() throws(SystemError) -> (socket: CInt, peer: IPAddress)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let number = lend { $0 }
        do throws(SystemError) {
            guard
                let accepted = try retryingUnlessBlocked(
                    .accept4, { clinux_accept4(number, &storage, &length) })
            else { return nil }
            guard let peer = IPAddress(storage) else {
                _ = Glibc.close(accepted)
                return nil
            }
            return (accepted, peer)
        } catch {
            switch error.code {
            // accept(2): errors of the new connection itself are to be treated like EAGAIN.
            case .tooManyFiles, .tooManyFilesInSystem, .noBuffers, .outOfMemory, .invalid: throw error
            default: return nil
            }
        }
    }

    /// send(2) without SIGPIPE.
    ///
    /// - Returns: bytes taken; nil where the socket's buffer is full.
    @inline(__always)
    package borrowing func send(_ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int? {
        let number = lend { $0 }
        return try retryingUnlessBlocked(.send) {
            Glibc.send(number, bytes.baseAddress, possible(.send, bytes.count), CInt(MSG_NOSIGNAL))
        }
    }

    /// shutdown(2) of our side; what the peer still sends can be read.
    package borrowing func endSending() {
        let number = lend { $0 }
        _ = Glibc.shutdown(number, CInt(SHUT_WR))
    }

    /// shutdown(2) of a listening socket: connecting is refused, and accept4(2) fails with EINVAL.
    package borrowing func endListening() {
        let number = lend { $0 }
        _ = Glibc.shutdown(number, CInt(SHUT_RD))
    }

    /// Reads and forgets up to 64 KiB.
    ///
    /// - Returns: false once the peer has ended, or the connection is broken.
    package borrowing func discardInput() -> Bool {
        let number = lend { $0 }
        return withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) { buffer in
            for _ in 0..<4 {
                let count = recv(number, buffer.baseAddress, buffer.count, 0)
                if count > 0 { continue }
                return count < 0 && (errno == EAGAIN || errno == EINTR)
            }
            return true
        }
    }
}
