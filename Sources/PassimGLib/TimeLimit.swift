internal import CGLib

/// Cancels what takes too long: for calls of GIO that block and know no time limit.
final class TimeLimit {
    /// GCancellable, thread-safe.
    let cancellable: UnsafeMutablePointer<GCancellable>?
    private let loop: MainLoop

    init(seconds: Double) {
        nonisolated(unsafe) let cancellable = g_cancellable_new()
        self.cancellable = cancellable
        loop = MainLoop(name: "time limit")
        loop.after(seconds: seconds) { g_cancellable_cancel(cancellable) }
    }

    deinit {
        g_object_unref(cancellable)
    }

    /// Once, when what was to be limited has ended.
    ///
    /// - Returns: whether the time was up.
    func end() -> Bool {
        loop.stop()
        return g_cancellable_is_cancelled(cancellable) != 0
    }
}
