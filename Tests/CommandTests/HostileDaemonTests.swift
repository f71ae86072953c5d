import PassimCore
import PassimTestKit
import Testing

/// A daemon on the bus that is not ours, and means harm.
@Suite(.timeLimit(.minutes(5))) struct HostileDaemonTests {
    private static let script = #"""
        from sys import stderr
        from gi.repository import Gio, GLib

        node = Gio.DBusNodeInfo.new_for_xml("""
          <node><interface name="org.freedesktop.Passim">
            <property name="DaemonVersion" type="s" access="read"/>
            <property name="Name" type="s" access="read"/>
            <property name="Uri" type="s" access="read"/>
            <property name="Status" type="u" access="read"/>
            <method name="Unpublish"><arg type="s" direction="in"/></method>
          </interface><interface name="org.freedesktop.Passim.Mirror">
            <property name="ItemCount" type="t" access="read"/>
            <method name="ListItems"><arg type="t" direction="in"/><arg type="u" direction="in"/>
              <arg type="s" direction="in"/><arg type="aa{sv}" direction="out"/><arg type="t" direction="out"/></method>
          </interface></node>""")
        evil = "\u001b]0;evil\u0007\u202e\u2028"
        properties = {
            "DaemonVersion": GLib.Variant("s", evil + "1" * 1000000), "Name": GLib.Variant("s", evil),
            "Uri": GLib.Variant("s", evil), "Status": GLib.Variant("u", 3), "ItemCount": GLib.Variant("t", 1),
        }

        def call(connection, sender, path, name, method, parameters, invocation):
            if method == "Unpublish":
                invocation.return_dbus_error("org.freedesktop.Passim.Evil", evil + "e" * 4000000)
                return
            # However far one asks, there is more.
            items = [
                {"hash": GLib.Variant("s", f"{number:064x}"), "filename": GLib.Variant("s", evil)}
                for number in range(parameters.unpack()[1])
            ]
            invocation.return_value(GLib.Variant("(aa{sv}t)", (items, 2**64 - 1)))

        def get(connection, sender, path, name, key):
            return properties[key]

        def acquired(connection, name):
            for interface in node.interfaces:
                connection.register_object("/", interface, call, get, None)

        Gio.bus_own_name(
            Gio.BusType.SYSTEM, "org.freedesktop.Passim", Gio.BusNameOwnerFlags.NONE, acquired,
            lambda connection, name: print("ready", file=stderr, flush=True), None)
        GLib.MainLoop().run()

        """#

    private func expectHarmless(_ outcome: Command.Outcome, longest: Int) {
        for text in [outcome.text, outcome.errorText] {
            #expect(!text.unicodeScalars.contains { $0 != "\n" && ForeignText.isHarmful($0) })
            #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= longest })
        }
    }

    @Test func nothingItSaysMovesATerminalOrFloodsIt() async throws {
        let daemon = try await OlderDaemon.make(uri: "", script: HostileDaemonTests.script)
        let refused = try await daemon.passim("unpublish", String(repeating: "0", count: 64))
        #expect(refused.end == .exit(1))
        #expect(refused.errorText.contains("\\u001b]0;evil\\u0007\\u202e\\u2028eeee"))
        expectHarmless(refused, longest: 5000)
        for arguments in [["--version"], ["status"], ["status", "--json"]] {
            let outcome = try await daemon.passim(arguments)
            #expect(outcome.end == .exit(0), "\(arguments)")
            // JSON is for programs, which want all of it.
            expectHarmless(outcome, longest: arguments.contains("--json") ? 2_000_000 : 5000)
        }
    }

    @Test func totalThatIsALieDoesNotKeepTheListGoing() async throws {
        let daemon = try await OlderDaemon.make(uri: "", script: HostileDaemonTests.script)
        let outcome = try await daemon.passim("list")
        #expect(outcome.end == .exit(0))
        // A heading, one page, and how much there is said to be.
        #expect(outcome.text.split(separator: "\n").count == 4098)
        expectHarmless(outcome, longest: 5000)
    }
}
