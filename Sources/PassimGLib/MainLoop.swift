internal import CGLib
internal import PassimCore
internal import PassimSystem

/// GLib's main loop on a thread of its own: whatever GIO has to report is reported there.
package final class MainLoop: Sendable {
    // GLib's own locks guard both.
    nonisolated(unsafe) private let context: OpaquePointer
    nonisolated(unsafe) private let loop: OpaquePointer
    nonisolated(unsafe) private let thread: UnsafeMutablePointer<GThread>
    /// Open once the thread has ended.
    private let end = Gate()

    /// - Parameter name: of the thread, at most 15 bytes.
    package init(name: String) {
        context = g_main_context_new()
        loop = g_main_loop_new(context, gboolean(0))
        // GLib ends the process if no thread can be had.
        thread = g_thread_new(
            name,
            { userData in
                let life = UserData<Life>.take(userData)
                let loop = life.loop
                let context = g_main_loop_get_context(loop)
                // Objects that are made on this thread report to it.
                g_main_context_push_thread_default(context)
                g_main_loop_run(loop)
                // The rest that is ready: frees of what GIO has been told to forget.
                var left = 1000
                while left > 0, g_main_context_iteration(context, gboolean(0)) != gboolean(0) { left -= 1 }
                g_main_context_pop_thread_default(context)
                g_main_loop_unref(loop)
                life.end.open()
                return nil
            }, UserData<Life>.make(Life(loop: g_main_loop_ref(loop), end: end)))
    }

    deinit {
        g_main_loop_unref(loop)
        g_main_context_unref(context)
    }

    /// Calls `body` on the loop's thread, soon.
    package func perform(_ body: @escaping @Sendable () -> Void) {
        // Optimized code lets go of an object as soon as nothing but its pointer is used.
        withExtendedLifetime(self) {
            g_main_context_invoke_full(
                context, G_PRIORITY_DEFAULT, MainLoop.run, UserData<Body>.make(body), releaseUserData)
        }
    }

    /// Calls `body` on the loop's thread, once, after a time.
    package func after(seconds: Double, _ body: @escaping @Sendable () -> Void) {
        let source = g_timeout_source_new(guint(max(0, min(seconds * 1000, Double(guint.max)))))
        g_source_set_callback(source, MainLoop.run, UserData<Body>.make(body), releaseUserData)
        withExtendedLifetime(self) { _ = g_source_attach(source, context) }
        g_source_unref(source)
    }

    /// Ends the thread, after what was asked of it before. Once, and not on it.
    ///
    /// - Parameter seconds: a thread that is stuck is not waited for longer (what GIO asks of a bus that is mute has
    ///   no time limit); it goes with the process.
    package func stop(within seconds: Double = 1) {
        nonisolated(unsafe) let loop = loop
        perform { g_main_loop_quit(loop) }
        withExtendedLifetime(self) {
            let deadline = monotonicNanoseconds() + UInt64(seconds * 1e9)
            if end.wait(until: deadline) { g_thread_join(thread) } else { g_thread_unref(thread) }
        }
    }

    /// The thread's own objects.
    private struct Life: @unchecked Sendable {
        // Unchecked: GLib's own lock guards it.
        let loop: OpaquePointer
        let end: Gate
    }

    private typealias Body = @Sendable () -> Void

    /// A GSourceFunc that is called once.
    private static let run: @convention(c) (gpointer?) -> gboolean = { userData in
        UserData<Body>.borrow(userData)()
        return gboolean(0)
    }
}
