internal import CGLib

/// Cancels what takes too long: for calls of GIO that block and know no time limit.
enum TimeLimit {
    /// - Returns: what `body` returns, and whether the time was up.
    static func run<Result>(
        seconds: Double, _ body: (UnsafeMutablePointer<GCancellable>?) -> Result
    ) -> (Result, isOver: Bool) {
        // It may be cancelled from any thread.
        nonisolated(unsafe) let cancellable = g_cancellable_new()
        defer { g_object_unref(cancellable) }
        let loop = MainLoop(name: "time limit")
        loop.after(seconds: seconds) { g_cancellable_cancel(cancellable) }
        let result = body(cancellable)
        loop.stop()
        return (result, g_cancellable_is_cancelled(cancellable) != 0)
    }
}
