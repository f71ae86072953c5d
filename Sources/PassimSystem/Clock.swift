internal import CLinux
internal import Glibc
package import PassimCore

/// Monotonic time in nanoseconds since some start: for time limits and rates.
package func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The time limit of poll(2) and epoll_wait(2), in milliseconds, rounded up so that no turn ends before the deadline.
///
/// - Parameter deadline: of `monotonicNanoseconds()`; nil gives -1, which waits without limit.
package func pollMilliseconds(until deadline: UInt64?) -> CInt {
    guard let deadline else { return -1 }
    let now = monotonicNanoseconds()
    if deadline <= now { return 0 }
    let (milliseconds, rest) = (deadline - now).quotientAndRemainder(dividingBy: 1_000_000)
    return CInt(clamping: milliseconds + (rest > 0 ? 1 : 0))
}

/// The same with the time that the machine has slept (CLOCK_BOOTTIME): for ages.
package func bootNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

/// The time of day, to compare with the times of files.
package func wallClock() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
}

/// The time of day in seconds, as of the last tick of the kernel: costs a fraction of `wallClock()` where the
/// machine's clock is slow to read.
package func wallClockSeconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return Int64(time.tv_sec)
}
