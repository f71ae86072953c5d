import PassimTestKit

/// A daemon without the interface Mirror, as the stock one is, played by a script on GLib's own binding.
enum OlderDaemon {
    static func start(on bus: SystemBus) async throws -> ChildProcess {
        try await onOwnThread {
            let process = try ChildProcess(["/usr/bin/python3", "-c", script], bus.setting())
            try process.waitForLine(containing: "owned")
            return process
        }
    }

    private static let script = """
        from sys import stderr
        from gi.repository import Gio, GLib

        XML = '''<node><interface name="org.freedesktop.Passim">
          <property name="DaemonVersion" type="s" access="read"/>
          <property name="Status" type="u" access="read"/>
          <method name="GetItems"><arg type="aa{sv}" direction="out"/></method>
        </interface></node>'''

        def called(connection, sender, path, interface, method, parameters, invocation):
            items = [
                {"hash": GLib.Variant("s", f"{number:064x}"), "filename": GLib.Variant("s", f"file-{number}"),
                 "size": GLib.Variant("t", number), "new": GLib.Variant("as", ["x"])} for number in range(20)]
            items.append({"filename": GLib.Variant("s", "without a hash")})
            invocation.return_value(GLib.Variant("(aa{sv})", (items,)))

        def get(connection, sender, path, interface, name):
            return GLib.Variant("s", "0.1.12") if name == "DaemonVersion" else GLib.Variant("u", 3)

        def ready(connection, name):
            connection.register_object(
                "/", Gio.DBusNodeInfo.new_for_xml(XML).interfaces[0], called, get, None)

        Gio.bus_own_name(
            Gio.BusType.SYSTEM, "org.freedesktop.Passim", Gio.BusNameOwnerFlags.NONE, ready,
            lambda *_: print("owned", file=stderr, flush=True), None)
        GLib.MainLoop().run()
        """
}
