internal import CLinux
internal import Glibc

/// Wakes threads that wait for work: a count of rings, and pthread_cond_wait(3) until it moves.
///
/// It guards no state (that is the lock's): a waiter takes a ticket, looks for work, and waits only while
/// nobody has rung since the ticket, so no ring is lost between looking and waiting.
package final class Doorbell: @unchecked Sendable {
    // Unchecked: `rings` and `waiters` are reached only under `mutex`.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var rings: UInt64 = 0
    private var waiters = 0

    package init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Deadlines must not move with the time of day.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// The ticket for `wait`: take it before looking for work.
    package func ticket() -> UInt64 {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return rings
    }

    /// Wakes one waiting thread, or all of them.
    package func ring(everyone: Bool = false) {
        pthread_mutex_lock(mutex)
        rings &+= 1
        if waiters > 0 {
            if everyone { pthread_cond_broadcast(condition) } else { pthread_cond_signal(condition) }
        }
        pthread_mutex_unlock(mutex)
    }

    /// Returns when the bell was rung after `ticket` was taken, or at the deadline.
    ///
    /// - Parameter deadline: in nanoseconds of `monotonicNanoseconds()`; nil waits without limit.
    package func wait(after ticket: UInt64, until deadline: UInt64?) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        waiters += 1
        defer { waiters -= 1 }
        while rings == ticket {
            guard let deadline else {
                pthread_cond_wait(condition, mutex)
                continue
            }
            var time = timespec(
                tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
            if pthread_cond_timedwait(condition, mutex, &time) == ETIMEDOUT { return }
        }
    }
}
