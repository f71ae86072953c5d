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

    /// nil where there is no interface of that name.
    func interface(_ name: String) -> UnsafeMutablePointer<GDBusInterfaceInfo>? {
        g_dbus_node_info_lookup_interface(node, name)
    }
}
