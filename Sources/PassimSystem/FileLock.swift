internal import CLinux
internal import Glibc

extension Descriptor {
    /// flock(2) for oneself alone, given up when the file is closed.
    ///
    /// - Returns: false where somebody else has it.
    package borrowing func lockExclusively() throws(SystemError) -> Bool {
        let number = lend { $0 }
        return try retryingUnlessBlocked(.flock) { flock(number, LOCK_EX | LOCK_NB) } != nil
    }
}
