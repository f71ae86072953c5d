import PassimTestKit

/// A daemon without what is ours, on a bus of its own: in GLib's binding for Python, as the stock one is not
/// packaged everywhere.
final class OlderDaemon: Sendable {
    let tree: TemporaryTree
    private let bus: SystemBus
    private let process: ChildProcess

    /// - Parameter script: of another daemon that is not ours.
    static func make(uri: String, script: String = OlderDaemon.script) async throws -> OlderDaemon {
        try await onOwnThread { try OlderDaemon(uri: uri, script) }
    }

    private init(uri: String, _ script: String) throws {
        tree = try TemporaryTree()
        bus = try SystemBus()
        let scripts = try TemporaryTree()
        try scripts.write("daemon.py", script)
        process = try ChildProcess(["/usr/bin/python3", scripts.absolute("daemon.py"), uri], bus.setting())
        try process.waitForLine(containing: "ready")
    }

    func passim(_ arguments: String...) async throws -> Command.Outcome {
        try await passim(arguments)
    }

    func passim(_ arguments: [String]) async throws -> Command.Outcome {
        var setting = bus.setting()
        setting.workingDirectory = tree.path
        let command = [try Products.path(of: "passim")] + arguments
        return try await onOwnThread { [setting] in try Command.run(command, setting) }
    }

    static let script = #"""
        from sys import argv, stderr
        from gi.repository import Gio, GLib

        interface = Gio.DBusNodeInfo.new_for_xml("""
          <node><interface name="org.freedesktop.Passim">
            <property name="DaemonVersion" type="s" access="read"/>
            <property name="Name" type="s" access="read"/>
            <property name="Uri" type="s" access="read"/>
            <property name="Status" type="u" access="read"/>
            <method name="GetItems"><arg type="aa{sv}" direction="out"/></method>
          </interface></node>""").interfaces[0]
        properties = {
            "DaemonVersion": GLib.Variant("s", "0.1.10"), "Name": GLib.Variant("s", "Passim-0A1B"),
            "Uri": GLib.Variant("s", argv[1]), "Status": GLib.Variant("u", 3),
        }
        items = [
            {"hash": GLib.Variant("s", f"{number:064x}"), "filename": GLib.Variant("s", f"file-{number}")}
            for number in range(3)
        ]

        def call(connection, sender, path, name, method, parameters, invocation):
            invocation.return_value(GLib.Variant("(aa{sv})", (items,)))

        def get(connection, sender, path, name, key):
            return properties[key]

        Gio.bus_own_name(
            Gio.BusType.SYSTEM, "org.freedesktop.Passim", Gio.BusNameOwnerFlags.NONE,
            lambda connection, name: connection.register_object("/", interface, call, get, None),
            lambda connection, name: print("ready", file=stderr, flush=True), None)
        GLib.MainLoop().run()

        """#
}
