#if PASSIM_SANITIZE
import Glibc
#else
import Synchronization
#endif

/// The one lock type: a value and the mutual exclusion that guards it, for short state.
///
/// `Synchronization.Mutex` inside. Builds made with `PASSIM_SANITIZE` take pthread_mutex instead:
/// ThreadSanitizer cannot see Mutex's slow path and reports races on correct uses.
package final class Lock<State>: @unchecked Sendable {
    // Unchecked: `state` is reached only inside `withLock`, under the mutex.
    #if PASSIM_SANITIZE
    /// A state of no size has no address of its own: its accesses would seem to be of the object's header,
    /// which anybody may read.
    private struct Cell {
        var state: State
        var size: UInt8 = 0
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private var cell: Cell

    package init(_ state: sending State) {
        mutex = .allocate(capacity: 1)
        let code = pthread_mutex_init(mutex, nil)
        precondition(code == 0, "pthread_mutex_init failed with \(code)")
        cell = Cell(state: state)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` with the lock held. Not reentrant; `body` does no I/O and takes no other lock
    /// except where the order of the two is written down.
    package func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&cell.state)
    }
    #else
    private let mutex = Mutex<Void>(())
    private var state: State

    package init(_ state: sending State) {
        self.state = state
    }

    /// Runs `body` with the lock held. Not reentrant; `body` does no I/O and takes no other lock
    /// except where the order of the two is written down.
    @inline(__always)
    package func withLock<Result, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        mutex._unsafeLock()
        defer { mutex._unsafeUnlock() }
        return try body(&state)
    }
    #endif
}
