import PassimCore
import PassimTestKit
import Testing

/// A metered connection, as a NetworkManager tells it that a script plays on the host's own bus: the real one
/// would need a machine's network to manage.
@Suite(.enabled(if: AvahiHost.isPossible, Comment(rawValue: AvahiHost.requirement)), .timeLimit(.minutes(5)))
struct MeteredTests {
    private static let networkManager = """
        import sys, dbus, dbus.service, dbus.mainloop.glib
        from gi.repository import GLib
        NAME = "org.freedesktop.NetworkManager"

        class Manager(dbus.service.Object):
            values = {"Metered": dbus.UInt32(2), "Connectivity": dbus.UInt32(4), "State": dbus.UInt32(70)}
            @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="ss", out_signature="v")
            def Get(self, interface, key):
                return self.values[key]
            @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="s", out_signature="a{sv}")
            def GetAll(self, interface):
                return self.values
            @dbus.service.signal("org.freedesktop.DBus.Properties", signature="sa{sv}as")
            def PropertiesChanged(self, interface, changed, invalidated):
                pass
            @dbus.service.method("org.example.Test", in_signature="u", out_signature="")
            def Set(self, metered):
                self.values["Metered"] = dbus.UInt32(metered)
                changed = {"Metered": dbus.UInt32(metered)}
                self.PropertiesChanged(NAME, changed, [])
                # As older ones tell it.
                message = dbus.lowlevel.SignalMessage("/org/freedesktop/NetworkManager", NAME, "PropertiesChanged")
                message.append(changed, signature="a{sv}")
                self.connection.send_message(message)

        import dbus.lowlevel
        dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
        bus = dbus.SystemBus()
        owned = dbus.service.BusName(NAME, bus)
        manager = Manager(bus, "/org/freedesktop/NetworkManager")
        print("ready", file=sys.stderr, flush=True)
        GLib.MainLoop().run()

        """

    @Test func nothingIsAdvertisedWhileTheConnectionIsMetered() throws {
        let lan = try Lan(hosts: 2)
        let hosts = try [AvahiHost(lan.hosts[0], name: "alpha"), AvahiHost(lan.hosts[1], name: "beta")]
        let script = try TemporaryTree()
        try script.write("manager.py", MeteredTests.networkManager)
        let manager = try ChildProcess(["/usr/bin/python3", script.absolute("manager.py")], hosts[0].setting)
        try manager.waitForLine(containing: "ready")
        let site = try DaemonSite(
            namespace: lan.hosts[0], environment: ["DBUS_SYSTEM_BUS_ADDRESS": hosts[0].busAddress])
        try site.put("file", "content")
        try site.share()
        let daemon = try site.start()
        let type = "_\(Digest(of: "content").hex.prefix(60))._sub._cache._tcp"

        func setMetered(_ value: String) throws {
            let outcome = try hosts[0].run(
                "dbus-send", "--system", "--print-reply", "--dest=org.freedesktop.NetworkManager",
                "/org/freedesktop/NetworkManager", "org.example.Test.Set", "uint32:\(value)")
            #expect(outcome.succeeded, "\(outcome.errorText)")
        }
        func expectFound(_ isFound: Bool) throws {
            let end = ContinuousClock.now + .seconds(90)
            // What is cached of a service that has gone does not resolve, and avahi-browse waits for it.
            func isAnswered() -> Bool {
                (try? hosts[1].browse(type, seconds: 5)).map { !$0.isEmpty } ?? !isFound
            }
            while isAnswered() != isFound, ContinuousClock.now < end {}
            #expect(isAnswered() == isFound)
        }
        func page() throws -> String {
            try lan.curl(on: lan.hosts[0], ["https://localhost:\(daemon.port)/"]).text
        }

        try expectFound(true)
        #expect(try page().contains("1 of 1 digest") || page().contains("100 %"))
        // NM_METERED_YES, and what it only guesses.
        for value in ["1", "3"] {
            try setMetered(value)
            try daemon.process.waitForLine(containing: "the connection is metered")
            try expectFound(false)
            try hosts[0].expectTrouble(
                "warning", "discovery",
                "other machines cannot find this one: the connection is metered, and nothing is advertised",
                of: daemon)
            // Served all the same.
            let url = "https://\(Lan.address(of: 0)):\(daemon.port)/x?sha256=\(Digest(of: "content").hex)"
            #expect(try lan.curl(on: lan.hosts[1], [url]).text == "content")
            try setMetered("2")
            try expectFound(true)
        }
        #expect(manager.end == nil)
    }
}
