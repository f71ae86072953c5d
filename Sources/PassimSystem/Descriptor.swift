internal import CLinux
internal import Glibc

/// An owned file descriptor, closed when the value ends. Lent to calls, never copied.
package struct Descriptor: ~Copyable, Sendable {
    private let number: CInt

    /// - Parameter number: an open descriptor that nobody else closes.
    package init(owning number: CInt) {
        self.number = number
    }

    deinit {
        // The descriptor is gone whatever close(2) says, EINTR too; what it reports of late writes
        // belongs to fsync(2).
        _ = Glibc.close(number)
    }

    /// Lends the number for a call that this target does not wrap.
    @inline(__always)
    package borrowing func lend<Result, Failure: Error>(
        _ body: (CInt) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(number)
    }

    /// Gives up the descriptor without closing it.
    package consuming func release() -> CInt {
        let number = self.number
        discard self
        return number
    }
}

extension Descriptor {
    /// Another descriptor of the same, with the lowest number that is free (F_DUPFD_CLOEXEC of fcntl(2)).
    package borrowing func duplicate() throws(SystemError) -> Descriptor {
        let number = lend { $0 }
        return Descriptor(owning: try retrying(.dup) { fcntl(number, F_DUPFD_CLOEXEC, 0) })
    }
}
