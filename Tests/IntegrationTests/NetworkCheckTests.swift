import Glibc
import PassimCore
import PassimTestKit
import Testing

/// `passimd --check-config` and `passim mirror add`, about the network that they find.
@Suite(.timeLimit(.minutes(5)))
struct NetworkCheckTests {
    private let site: DaemonSite

    init() throws {
        site = try DaemonSite()
        try site.put("file", "content")
        try site.share()
    }

    private func check(
        port: Int, _ settings: String..., bus: SystemBus? = nil
    ) throws -> Command.Outcome {
        let lines = ["[daemon]", "Port=\(port)"] + settings
        try site.tree.write("etc/passim.conf", lines.map { $0 + "\n" }.joined())
        return try Command.run([try Products.path(of: "passimd"), "--check-config"], setting(bus))
    }

    private func setting(_ bus: SystemBus?) -> ChildProcess.Setting {
        var setting = ChildProcess.Setting()
        setting.environment = [
            "SYSCONFDIR": site.tree.absolute("etc"), "LOCALSTATEDIR": site.tree.absolute("var"),
            "DBUS_SYSTEM_BUS_ADDRESS": bus?.address ?? "unix:path=\(site.tree.absolute("no-bus"))",
        ]
        return setting
    }

    @Test func nothingThatIsWrongIsSaid() throws {
        let outcome = try check(port: 0)
        #expect(outcome.end == .exit(0), "\(outcome.text)")
        #expect(!outcome.text.contains("error") && !outcome.text.contains("warning"))
    }

    @Test func portThatIsTakenIsAnErrorUnlessTheDaemonItselfHasIt() throws {
        let daemon = try site.start()
        // Its own configuration, with the port that it was given.
        let own = try check(port: Int(daemon.port))
        #expect(own.end == .exit(0), "\(own.text)")
        try daemon.process.terminate()
        let other = try DaemonSite()
        let stranger = try other.start()
        let taken = try check(port: Int(stranger.port))
        #expect(taken.end == .exit(1))
        #expect(
            taken.text.contains(
                "[daemon] Port=\(stranger.port): another program has it at every IPv4 address: ss -ltnp"),
            "\(taken.text)")
        withExtendedLifetime(stranger) {}
    }

    /// Whoever runs it: the lock of the state is for its user alone.
    @Test(.enabled(if: isRoot, "needs root to be two other users"))
    func portOfTheDaemonItselfIsNoErrorForAnybody() throws {
        let site = try DaemonSite(user: DaemonSite.unprivileged)
        // As /var/lib is: everybody may see whose the state is.
        try site.tree.makeDirectory("var/lib")
        try site.tree.changeOwner("var/lib", DaemonSite.unprivileged)
        let daemon = try site.start()
        let stranger = try DaemonSite().start()
        try Command.succeed(["chmod", "755", site.tree.path])
        let program = site.tree.absolute("check")
        try Command.succeed(["install", "-m", "755", try Products.path(of: "passimd"), program])
        var setting = setting(nil)
        setting.user = DaemonSite.unprivileged - 1
        setting.environment["SYSCONFDIR"] = site.tree.absolute("etc")
        setting.environment["LOCALSTATEDIR"] = site.tree.absolute("var")
        for (port, isOwn) in [(daemon.port, true), (stranger.port, false)] {
            try site.configure(["Port=\(port)"])
            let outcome = try Command.run([program, "--check-config"], setting)
            #expect(outcome.text.contains("another program has it") != isOwn, "\(outcome.text)")
            #expect(outcome.end == .exit(isOwn ? 0 : 1), "\(outcome.text)\(outcome.errorText)")
        }
        withExtendedLifetime((daemon, stranger)) {}
    }

    @Test func portBelow1024IsAnErrorWithTheSysctl() throws {
        let start = try Command.succeed(["cat", "/proc/sys/net/ipv4/ip_unprivileged_port_start"]).text
        try #require(Int(start.prefix { $0 != "\n" }) ?? 0 > 443)
        let outcome = try check(port: 443)
        #expect(outcome.end == .exit(1))
        #expect(outcome.text.contains("sysctl net.ipv4.ip_unprivileged_port_start=443"), "\(outcome.text)")
    }

    @Test func placesThatThisMachineDoesNotHaveAreNamed() throws {
        let outcome = try check(port: 0, "Listen=nowhere9;192.0.2.77;127.0.0.1;lo")
        #expect(outcome.end == .exit(1))
        for place in ["nowhere9", "192.0.2.77"] {
            #expect(
                outcome.text.contains("Listen=\(place): this machine has no such interface or address now"),
                "\(outcome.text)")
        }
        #expect(!outcome.text.contains("Listen=lo:") && !outcome.text.contains("Listen=127.0.0.1:"))
    }

    // MARK: The firewall

    /// firewalld's interface, as far as it is asked, in GLib's binding for Python.
    private static let firewalld = #"""
        from sys import argv, stderr
        from gi.repository import Gio, GLib

        node = Gio.DBusNodeInfo.new_for_xml("""
          <node><interface name="org.fedoraproject.FirewallD1.zone">
            <method name="getActiveZones"><arg type="a{sa{sas}}" direction="out"/></method>
            <method name="queryPort"><arg type="s" direction="in"/><arg type="s" direction="in"/>
              <arg type="s" direction="in"/><arg type="b" direction="out"/></method>
            <method name="queryService"><arg type="s" direction="in"/><arg type="s" direction="in"/>
              <arg type="b" direction="out"/></method>
          </interface></node>""")

        def call(connection, sender, path, name, method, parameters, invocation):
            if method == "getActiveZones":
                zones = {"public": {"interfaces": ["eth0"]}, "trusted": {"interfaces": ["lo"]}}
                return invocation.return_value(GLib.Variant("(a{sa{sas}})", (zones,)))
            invocation.return_value(GLib.Variant("(b)", (method == argv[1],)))

        Gio.bus_own_name(
            Gio.BusType.SYSTEM, "org.fedoraproject.FirewallD1", Gio.BusNameOwnerFlags.NONE,
            lambda connection, name: connection.register_object(
                "/org/fedoraproject/FirewallD1", node.interfaces[0], call, None, None),
            lambda connection, name: print("ready", file=stderr, flush=True), None)
        GLib.MainLoop().run()

        """#

    private func startFirewalld(_ bus: SystemBus, open: String) throws -> ChildProcess {
        try site.tree.write("firewalld.py", Self.firewalld)
        let process = try ChildProcess(
            ["/usr/bin/python3", site.tree.absolute("firewalld.py"), open], bus.setting())
        try process.waitForLine(containing: "ready")
        return process
    }

    @Test func firewallThatIsClosedIsAWarningWithTheCommand() throws {
        let bus = try SystemBus(.everything)
        let firewalld = try startFirewalld(bus, open: "none")
        let outcome = try check(port: 27999, bus: bus)
        #expect(outcome.end == .exit(1))
        #expect(
            outcome.text.contains(
                "firewalld has it closed in the zone public: firewall-cmd --permanent --zone=public --add-port=27999/tcp"
            ),
            "\(outcome.text)")
        // The same before a directory is added.
        let added = try Command.run(
            [try Products.path(of: "passim"), "mirror", "add", "more", site.tree.absolute("mirror")],
            setting(bus))
        #expect(added.end == .exit(0))
        #expect(added.errorText.contains("passim: firewalld has port 27999 closed in the zone public\n"))
        #expect(
            added.errorText.contains("\n        firewall-cmd --permanent --zone=public --add-port=27999/tcp"))
        // It overlaps with the one that is there.
        #expect(added.errorText.contains("mirror.conf too"), "\(added.errorText)")
        withExtendedLifetime(firewalld) {}
    }

    @Test(arguments: ["queryPort", "queryService"])
    func firewallThatIsOpenIsNothing(what: String) throws {
        let bus = try SystemBus(.everything)
        let firewalld = try startFirewalld(bus, open: what)
        let outcome = try check(port: what == "queryPort" ? 27998 : 27500, bus: bus)
        #expect(!outcome.text.contains("firewall"), "\(outcome.text)")
        withExtendedLifetime(firewalld) {}
    }

    @Test func firewallThatNobodyKnowsIsSaidToBeUnknown() throws {
        let bus = try SystemBus(.everything)
        for bus in [bus, nil] {
            let outcome = try check(port: 27997, bus: bus)
            #expect(outcome.text.contains("note: whether a firewall has port 27997 closed is not known: "))
            #expect(outcome.end == .exit(0), "\(outcome.text)")
        }
    }

    // MARK: Drop-ins

    @Test func dropInIsForEverybodyToReadWhateverTheMask() throws {
        try Command.succeed(["rm", "-r", site.tree.absolute("etc")])
        let program = try Products.path(of: "passim")
        let script = "umask 077; '\(program)' mirror add a '\(site.tree.absolute("mirror"))'"
        try Command.succeed(["sh", "-e", "-c", script], setting(nil))
        let modes = try Command.succeed([
            "stat", "--format=%a", site.tree.absolute("etc/passim.d"),
            site.tree.absolute("etc/passim.d/a.conf"),
        ])
        #expect(modes.text == "755\n644\n")
    }
}
