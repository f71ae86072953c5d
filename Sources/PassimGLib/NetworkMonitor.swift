internal import CGLib

/// Tells if the network connection is metered, as GNetworkMonitor knows it from NetworkManager; without that
/// no connection is.
package final class NetworkMonitor: Sendable {
    private let loop: MainLoop

    /// - Parameter onChange: called on the loop's thread: at once, and with each change.
    package init(on loop: MainLoop, onChange: @escaping @Sendable (_ isMetered: Bool) -> Void) {
        self.loop = loop
        loop.perform {
            // The one of this process, which GIO never frees; made here, so that it reports here.
            guard let monitor = g_network_monitor_get_default() else { return onChange(false) }
            let handler: @convention(c) (OpaquePointer?, gpointer?, gpointer?) -> Void = { monitor, _, box in
                let isMetered = g_network_monitor_get_network_metered(monitor) != 0
                Box<Handler>.borrow(box)(isMetered)
            }
            g_signal_connect_data(
                UnsafeMutableRawPointer(monitor), "notify::network-metered",
                unsafeBitCast(handler, to: GCallback.self),
                Box<Handler>.make(onChange), { box, _ in releaseBox(box) }, GConnectFlags(rawValue: 0))
            onChange(g_network_monitor_get_network_metered(monitor) != 0)
        }
    }

    private typealias Handler = @Sendable (Bool) -> Void
}
