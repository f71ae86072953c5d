internal import CLinux
internal import Glibc

extension Descriptor {
    /// Bytes that this TCP socket was given to send and the peer has not acknowledged (SIOCOUTQ, tcp(7)); 0
    /// where the socket cannot tell.
    package borrowing func unacknowledgedByteCount() -> Int {
        let number = lend { $0 }
        var count: CInt = 0
        // SIOCOUTQ is the same number under its other name.
        guard ioctl(number, UInt(TIOCOUTQ), &count) == 0 else { return 0 }
        return max(0, Int(count))
    }
}
