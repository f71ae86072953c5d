internal import CLinux
internal import Glibc

/// An eventfd(2) that ends another thread's epoll_wait(2).
package struct WakeUp: ~Copyable, Sendable {
    package let descriptor: Descriptor

    package init() throws(SystemError) {
        let number = try retrying(.eventfd) { eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK)) }
        descriptor = Descriptor(owning: number)
    }

    /// From any thread. A full counter is a wake-up too.
    package borrowing func signal() {
        descriptor.lend { number in
            var one: UInt64 = 1
            // Whoever sleeps on would do so for ever: what cannot fail is tried again where it does.
            for _ in 0..<100 {
                if Glibc.write(number, &one, 8) != -1 || clinux_errno() == EAGAIN { return }
            }
        }
    }

    /// Empties the counter, on the thread that was woken.
    package borrowing func clear() {
        descriptor.lend { number in
            var count: UInt64 = 0
            _ = Glibc.read(number, &count, 8)
        }
    }
}
