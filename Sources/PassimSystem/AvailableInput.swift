// Reading what somebody else writes, who may stall: the thread waits in poll(2) only, which has a limit.

internal import CLinux
internal import Glibc

extension Descriptor {
    /// poll(2) for input, its end, or an error.
    ///
    /// - Returns: false after the time. Regular files are always ready.
    package borrowing func waitForInput(milliseconds: CInt) throws(SystemError) -> Bool {
        let number = lend { $0 }
        var wanted = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        return try retrying(.poll) { Glibc.poll(&wanted, 1, milliseconds) } > 0
    }

    /// read(2) of a pipe, socket or device without waiting, as far as the kernel knows how: another reader
    /// may have taken what poll(2) has told of. The descriptor's own flags stay as they are, which are those
    /// of its other owners too.
    ///
    /// - Returns: bytes read, 0 at the end; nil where there is nothing now.
    package borrowing func readAvailable(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int? {
        let number = lend { $0 }
        do throws(SystemError) {
            return try retryingUnlessBlocked(.recv) {
                recv(number, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT))
            }
        } catch {
            if error.code != .notSocket { throw error }
        }
        do throws(SystemError) {
            return try retryingUnlessBlocked(.preadv2) {
                clinux_read_now(number, buffer.baseAddress, buffer.count)
            }
        } catch {
            switch error.code {
            case .notSupported, .notImplemented, .illegalSeek, .invalid: break
            default: throw error
            }
        }
        return try retryingUnlessBlocked(.read) { Glibc.read(number, buffer.baseAddress, buffer.count) }
    }
}
