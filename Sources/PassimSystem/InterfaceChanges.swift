internal import CLinux
internal import Glibc

/// A socket of rtnetlink(7) that becomes readable when interfaces or their addresses change. What has changed is
/// not read from it: `NetworkInterface.all()` tells all, also after the kernel has had no room for the news.
package struct InterfaceChanges: ~Copyable, Sendable {
    package let descriptor: Descriptor

    package init() throws(SystemError) {
        let kind = CInt(SOCK_RAW.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let number = try retrying(.socket, "rtnetlink") { socket(AF_NETLINK, kind, NETLINK_ROUTE) }
        let opened = Descriptor(owning: number)
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)
        _ = try retrying(.bind, "rtnetlink") {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(number, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
                }
            }
        }
        descriptor = opened
    }

    /// Has a poller tell of it.
    package borrowing func watch(_ poller: borrowing Poller, token: UInt64) throws(SystemError) {
        let number = descriptor.lend { $0 }
        try poller.add(number, .input, token: token)
    }

    /// Empties it, up to 1 MiB.
    package borrowing func clear() {
        let number = descriptor.lend { $0 }
        withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 8) { buffer in
            for _ in 0..<64 {
                let count = recv(number, buffer.baseAddress, buffer.count, 0)
                // ENOBUFS: some are lost, and others may wait.
                if count < 0, clinux_errno() != ENOBUFS { return }
            }
        }
    }
}
