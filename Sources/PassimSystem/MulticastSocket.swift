internal import CLinux
internal import Glibc
package import PassimCore

/// The calls for UDP that is sent to a multicast group over one interface.
extension Socket {
    /// A non-blocking UDP socket that takes what is sent to the group over one interface, together with the
    /// sockets of others that are at the same port and allow it, and sends to the group over that interface.
    ///
    /// It is bound to the group: what is sent to the port itself goes to others, who may have been there first.
    /// Both ways the packets of this host itself are among them. They leave with 255 as TTL or hop limit.
    ///
    /// - Parameter group: of the link's scope; `scope` does not matter.
    /// - Parameter interface: if_nametoindex(3).
    /// - Throws: `.addressInUse` where the port is somebody's alone; `.noSuchInterface`.
    package static func multicast(
        _ group: IPAddress, port: UInt16, interface: UInt32
    ) throws(SystemError) -> Descriptor {
        let kind = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = try retrying(.socket) { socket(group.isIPv4 ? AF_INET : AF_INET6, kind, 0) }
        let opened = Descriptor(owning: number)
        // The first is enough where others belong to another user, the second where they set that only.
        try opened.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
        try opened.setOption(SOL_SOCKET, SO_REUSEPORT, 1)
        if group.isIPv4 {
            try opened.join4(group, CInt(interface))
        } else {
            try opened.join6(group, interface)
        }
        // A group of IPv6 has to be bound with its interface, and then the socket belongs to it.
        let place = group.isIPv4 ? group : IPAddress(high: group.high, low: group.low, scope: interface)
        _ = try retrying(.bind, "\(group) port \(port)") {
            place.withSocketAddress(port: port) { bind(number, $0, $1) }
        }
        return opened
    }
}

extension Descriptor {
    fileprivate borrowing func join4(_ group: IPAddress, _ interface: CInt) throws(SystemError) {
        let level = CInt(IPPROTO_IP)
        var membership = ip_mreqn()
        membership.imr_multiaddr.s_addr = UInt32(truncatingIfNeeded: group.low).bigEndian
        membership.imr_ifindex = interface
        try setOption(level, IP_ADD_MEMBERSHIP, bytes: membership)
        try setOption(level, IP_MULTICAST_IF, bytes: membership)
        // Only of this interface, although others of this process have joined on others.
        try setOption(level, IP_MULTICAST_ALL, 0)
        try setOption(level, IP_MULTICAST_TTL, 255)
        try setOption(level, IP_MULTICAST_LOOP, 1)
        try setOption(level, IP_TTL, 255)
        try setOption(level, IP_RECVTTL, 1)
        // Answers to one address leave over it too; in network order, as ip(7) has it.
        try setOption(level, IP_UNICAST_IF, interface.bigEndian)
    }

    fileprivate borrowing func join6(_ group: IPAddress, _ interface: UInt32) throws(SystemError) {
        let level = CInt(IPPROTO_IPV6)
        try setOption(level, IPV6_V6ONLY, 1)
        var membership = ipv6_mreq()
        withUnsafeMutableBytes(of: &membership.ipv6mr_multiaddr) { bytes in
            bytes.storeBytes(of: group.high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: group.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        membership.ipv6mr_interface = interface
        try setOption(level, IPV6_JOIN_GROUP, bytes: membership)
        try setOption(level, IPV6_MULTICAST_IF, CInt(interface))
        try setOption(level, IPV6_MULTICAST_HOPS, 255)
        try setOption(level, IPV6_MULTICAST_LOOP, 1)
        try setOption(level, IPV6_UNICAST_HOPS, 255)
        try setOption(level, IPV6_RECVHOPLIMIT, 1)
    }

    private borrowing func setOption<Value>(
        _ level: CInt, _ option: CInt, bytes value: Value
    ) throws(SystemError) {
        let number = lend { $0 }
        _ = try retrying(.setsockopt) {
            withUnsafeBytes(of: value) {
                setsockopt(number, level, option, $0.baseAddress, socklen_t($0.count))
            }
        }
    }

    /// recvmsg(2) of one datagram.
    ///
    /// - Returns: nil where none is there. A count of nil is of one that is longer than the buffer.
    package borrowing func receiveDatagram(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Datagram? {
        var storage = sockaddr_storage()
        var hops: CInt = -1
        let number = lend { $0 }
        let count = try retryingUnlessBlocked(.recvmsg) {
            clinux_receive_datagram(number, buffer.baseAddress, buffer.count, &storage, &hops)
        }
        guard let count, let sender = IPAddress(storage) else { return nil }
        // sin_port and sin6_port are at the same place.
        let port = withUnsafeBytes(of: storage) {
            UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self))
        }
        return Datagram(
            sender: sender, port: port, hops: hops < 0 ? nil : Int(hops), count: count < 0 ? nil : count)
    }

    /// sendto(2). A datagram for which there is no room is lost, as on the way.
    package borrowing func send(
        _ bytes: UnsafeRawBufferPointer, to address: IPAddress, port: UInt16
    ) throws(SystemError) {
        let number = lend { $0 }
        _ = try retryingUnlessBlocked(.sendto) {
            address.withSocketAddress(port: port) { place, size in
                sendto(number, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL), place, size)
            }
        }
    }
}

/// A datagram that has come, without its content.
package struct Datagram: Hashable, Sendable {
    package var sender: IPAddress
    package var port: UInt16
    /// The TTL or hop limit that it came with; nil where the socket does not tell.
    package var hops: Int?
    /// Bytes; nil where the buffer was too small.
    package var count: Int?
}
