internal import CLinux
internal import Glibc
package import PassimCore

/// Both ends of a TCP connection within this machine, and whose the other one is.
package struct LocalConnection: Sendable {
    private let own: sockaddr_storage
    private let peer: sockaddr_storage

    fileprivate init(own: sockaddr_storage, peer: sockaddr_storage) {
        self.own = own
        self.peer = peer
    }

    /// The user of the process that has the other end open: of the user namespace of this process (systemd's
    /// `PrivateUsers=yes` shows all but root and its own user as `overflowUser`).
    ///
    /// - Returns: nil if it is closed, on another machine, or the kernel does not tell.
    package var peerUser: UInt32? {
        var user: UInt32 = 0
        let isFound = withUnsafeBytes(of: peer) { peer in
            withUnsafeBytes(of: own) { own in
                // Their ports are at the same place in both families.
                let family = CInt(self.own.ss_family)
                let start = family == AF_INET ? 4 : 8
                return clinux_socket_owner(
                    family, peer.baseAddress! + start, peer.load(fromByteOffset: 2, as: UInt16.self),
                    own.baseAddress! + start, own.load(fromByteOffset: 2, as: UInt16.self), &user) == 0
            }
        }
        return isFound && user != LocalConnection.overflowUser ? user : nil
    }

    /// The number that stands for users who have none in this user namespace (user_namespaces(7)).
    package static let overflowUser: UInt32 = {
        guard let file = try? Descriptor.open("/proc/sys/kernel/overflowuid", .readOnly),
            let text = try? file.readAll(limit: 32)
        else { return 65534 }
        return UInt32(String(decoding: text.prefix { $0 > 0x20 }, as: UTF8.self)) ?? 65534
    }()
}

extension Descriptor {
    /// The two ends of a connected socket; nil if it is none, or not connected any more.
    package borrowing func localConnection() -> LocalConnection? {
        let number = lend { $0 }
        func name(_ call: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt)
            -> sockaddr_storage?
        {
            var storage = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let code = withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(number, $0, &length) }
            }
            return code == 0 ? storage : nil
        }
        guard let own = name({ getsockname($0, $1, $2) }), let peer = name({ getpeername($0, $1, $2) }) else {
            return nil
        }
        return LocalConnection(own: own, peer: peer)
    }
}
