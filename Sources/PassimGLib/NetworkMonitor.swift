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
            let handler: @convention(c) (OpaquePointer?, gpointer?, gpointer?) -> Void = {
                monitor, _, userData in
                let isMetered = g_network_monitor_get_network_metered(monitor) != 0
                UserData<Handler>.borrow(userData)(isMetered)
            }
            g_signal_connect_data(
                UnsafeMutableRawPointer(monitor), "notify::network-metered",
                unsafeBitCast(handler, to: GCallback.self),
                UserData<Handler>.make(onChange), { userData, _ in releaseUserData(userData) },
                GConnectFlags(rawValue: 0))
            onChange(g_network_monitor_get_network_metered(monitor) != 0)
        }
    }

    private typealias Handler = @Sendable (Bool) -> Void
}
