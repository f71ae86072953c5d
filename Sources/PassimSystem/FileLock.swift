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

    /// Gives the lock up, whoever else has this open file.
    package borrowing func unlock() {
        // It cannot fail on what was locked.
        _ = lend { flock($0, LOCK_UN) }
    }
}
