import PassimBus
import PassimCore
import PassimTestKit
import Testing

/// The files of etc/dbus that other programs generate code from, against the object itself.
@Suite(.serialized, .timeLimit(.minutes(10))) struct InstalledInterfacesTests {
    /// Lists the members of an interface that a file describes, those of an object first.
    private static let comparison = """
        import sys, xml.etree.ElementTree as tree
        def notes(node):
            return [(note.get("name"), note.get("value")) for note in node.findall("annotation")]
        def members(path, name):
            interfaces = {each.get("name"): each for each in tree.parse(path).getroot().findall("interface")}
            return sorted(
                (member.tag, member.get("name"), member.get("type"), member.get("access"), notes(member),
                 [(arg.get("name"), arg.get("type"), arg.get("direction", "in")) for arg in member.findall("arg")])
                for member in interfaces[name] if member.tag != "annotation")
        _, live, installed, name = sys.argv
        if members(live, name) != members(installed, name):
            sys.exit(f"{name}:\\n{members(live, name)}\\n{members(installed, name)}")
        """

    @Test(arguments: ["org.freedesktop.Passim", "org.freedesktop.Passim.Mirror"])
    func installedFileIsWhatTheObjectSays(interface: String) async throws {
        let fixture = try await Fixture.make()
        let live = try await fixture.bus.busctl(
            "introspect", "--xml-interface", "org.freedesktop.Passim", "/")
        #expect(live.succeeded, "\(live.errorText)")
        let tree = try TemporaryTree()
        try tree.write("live.xml", live.output)
        try tree.write("compare.py", InstalledInterfacesTests.comparison)
        let arguments = [
            "python3", tree.absolute("compare.py"), tree.absolute("live.xml"),
            "\(Products.repository)/etc/dbus/\(interface).xml", interface,
        ]
        let outcome = try await onOwnThread { try Command.run(arguments) }
        #expect(outcome.succeeded, "\(outcome.errorText)")
    }

    @Test(.enabled(if: isRoot, "needs root to be another user"))
    func nameIsForWhoThePolicyNames() async throws {
        func owns(_ bus: SystemBus) async throws -> Command.Outcome {
            try await bus.busctl(
                "call", "org.freedesktop.DBus", "/", "org.freedesktop.DBus", "RequestName", "su",
                "org.freedesktop.Passim", "4", user: DaemonSite.unprivileged)
        }
        let refused = try await owns(SystemBus(.system()))
        #expect(refused.errorText.contains("Access denied"), "\(refused.text)")
        // There is no user passim where this runs.
        #expect(try await owns(SystemBus(.system(owner: DaemonSite.unprivileged))).text == "u 1\n")
    }
}
