internal import CLinux
internal import Glibc

/// An eventcount (Reed and Kanodia, 1979): wakes threads that wait for work. It counts notifications;
/// pthread_cond_wait(3) waits until the count moves.
///
/// It guards no state (that is the lock's): a waiter takes a ticket, looks for work, and waits only while
/// nobody has notified since the ticket, so nothing is lost between looking and waiting.
package final class EventCount: @unchecked Sendable {
    // Unchecked: `notifications` and `waiters` are reached only under `mutex`.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var notifications: UInt64 = 0
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
        return notifications
    }

    /// Wakes one waiting thread, or all of them.
    package func notify(all: Bool = false) {
        pthread_mutex_lock(mutex)
        notifications &+= 1
        if waiters > 0 {
            if all { pthread_cond_broadcast(condition) } else { pthread_cond_signal(condition) }
        }
        pthread_mutex_unlock(mutex)
    }

    /// Returns when somebody has notified after `ticket` was taken, or at the deadline.
    ///
    /// - Parameter deadline: in nanoseconds of `monotonicNanoseconds()`; nil waits without limit.
    package func wait(after ticket: UInt64, until deadline: UInt64?) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        waiters += 1
        defer { waiters -= 1 }
        while notifications == ticket {
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
