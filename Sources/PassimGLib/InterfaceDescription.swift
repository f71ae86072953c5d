internal import CGLib

/// Interfaces of an object, read from D-Bus's introspection XML: what GDBus checks calls against.
package final class InterfaceDescription: @unchecked Sendable {
    // Unchecked: immutable, and counted by atomics.
    private let node: UnsafeMutablePointer<GDBusNodeInfo>

    /// - Throws: `.failed` where the text is no introspection XML.
    package init(xml: String) throws(CallFailure) {
        var error: UnsafeMutablePointer<GError>?
        guard let node = g_dbus_node_info_new_for_xml(xml, &error) else {
            throw CallFailure(consuming: error)
        }
        self.node = node
    }

    deinit {
        g_dbus_node_info_unref(node)
    }

    /// Lends an interface; nil where there is none of that name.
    func lend<Result>(
        _ name: String, _ body: (UnsafeMutablePointer<GDBusInterfaceInfo>?) -> Result
    ) -> Result {
        withExtendedLifetime(self) { body(g_dbus_node_info_lookup_interface(node, name)) }
    }
}
