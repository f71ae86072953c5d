internal import PassimCore
internal import PassimSystem

/// The socket of one link, bound to the group of mDNS. Closed with its last reference.
final class LinkSocket {
    let descriptor: Descriptor
    /// In the poller.
    let token: UInt64
    private let group: IPAddress

    /// 224.0.0.251 and ff02::fb (RFC 6762, 3)
    private static let group4 = IPAddress(ipv4: 0xE000_00FB)
    private static let group6 = IPAddress(high: 0xFF02 << 48, low: 0xFB)

    /// - Throws: `.addressInUse` where the port is somebody's alone.
    init(_ link: Link, token: UInt64) throws(SystemError) {
        let group = link.isIPv6 ? LinkSocket.group6 : LinkSocket.group4
        descriptor = try Socket.multicast(group, port: AnswerRules.port, interface: link.interface)
        self.group = IPAddress(high: group.high, low: group.low, scope: link.isIPv6 ? link.interface : 0)
        self.token = token
    }

    var number: CInt { descriptor.lend { $0 } }

    /// - Parameter receiver: nil is the group.
    func send(_ bytes: [UInt8], to receiver: (address: IPAddress, port: UInt16)?) throws(SystemError) {
        let (address, port) = receiver ?? (group, AnswerRules.port)
        var failure: SystemError?
        bytes.withUnsafeBytes { buffer in
            do throws(SystemError) {
                try descriptor.send(buffer, to: address, port: port)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
