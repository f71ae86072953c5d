internal import CGLib

/// GLib's main loop on a thread of its own: whatever GIO has to report is reported there.
package final class MainLoop: Sendable {
    // GLib's own locks guard both.
    nonisolated(unsafe) private let context: OpaquePointer
    nonisolated(unsafe) private let loop: OpaquePointer
    nonisolated(unsafe) private let thread: UnsafeMutablePointer<GThread>

    /// - Parameter name: of the thread, at most 15 bytes.
    package init(name: String) {
        context = g_main_context_new()
        loop = g_main_loop_new(context, gboolean(0))
        // Where no thread can be had GLib ends the process.
        thread = g_thread_new(
            name,
            { loop in
                let loop = OpaquePointer(loop!)
                let context = g_main_loop_get_context(loop)
                // What is made on this thread reports to it.
                g_main_context_push_thread_default(context)
                g_main_loop_run(loop)
                g_main_context_pop_thread_default(context)
                g_main_loop_unref(loop)
                return nil
            }, UnsafeMutableRawPointer(g_main_loop_ref(loop)))
    }

    deinit {
        g_main_loop_unref(loop)
        g_main_context_unref(context)
    }

    /// Calls `body` on the loop's thread, soon.
    package func perform(_ body: @escaping @Sendable () -> Void) {
        g_main_context_invoke_full(
            context, G_PRIORITY_DEFAULT,
            { box in
                Unmanaged<Box>.fromOpaque(box!).takeUnretainedValue().body()
                return gboolean(0)
            }, Unmanaged.passRetained(Box(body)).toOpaque(),
            { box in Unmanaged<Box>.fromOpaque(box!).release() })
    }

    /// Ends the thread, after what was asked of it before. Once, and not on it.
    package func stop() {
        nonisolated(unsafe) let loop = loop
        perform { g_main_loop_quit(loop) }
        g_thread_join(thread)
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }
}
