internal import Glibc
internal import PassimCore

/// A system bus of a test's own: the real dbus-daemon, on a socket in a temporary directory; ended with the last
/// reference. Programs find it by `environment`.
package final class SystemBus: Sendable {
    package enum Policy: Sendable {
        /// That of the distribution's system bus, and our own policy file, by which passim alone owns the daemon's
        /// name; here whoever runs the tests may as well.
        ///
        /// - Parameter owner: one user more who may.
        case system(owner: UInt32? = nil)
        /// The same, with a policy file that does not name what is ours, as the stock one.
        case older
        /// That of the distribution's system bus alone.
        case distribution
        /// Everybody may do everything.
        case everything
        /// Everybody may do everything but what a rule `<deny …/>` with these attributes forbids.
        case everythingBut(String)
    }

    private let tree: TemporaryTree
    private let daemon = Lock<ChildProcess?>(nil)

    /// - Parameter running: whether it is started.
    package init(_ policy: Policy = .system(), running: Bool = true) throws {
        tree = try TemporaryTree()
        let listen = "<listen>unix:path=\(tree.absolute("socket"))</listen>"
        switch policy {
        case .everything: try tree.write("bus.conf", SystemBus.open(listen))
        case .everythingBut(let denied):
            try tree.write("bus.conf", SystemBus.open(listen, denying: "<deny \(denied)/>"))
        case .distribution:
            try tree.makeDirectory("policy")
            try tree.write("bus.conf", distributions(listen))
        case .older:
            try tree.write("policy/passim.conf", SystemBus.withoutMirror(ours()))
            try tree.write("policy/owner.conf", SystemBus.ownership(of: [geteuid()]))
            try tree.write("bus.conf", distributions(listen))
        case .system(let owner):
            try tree.write("policy/passim.conf", ours())
            try tree.write(
                "policy/owner.conf", SystemBus.ownership(of: [geteuid()] + (owner.map { [$0] } ?? [])))
            try tree.write("bus.conf", distributions(listen))
        }
        if running { try start() }
    }

    // MARK: - Configuration

    /// As the system's bus, but that everybody may do everything. What is not said of limits is that of the system.
    private static func open(_ listen: String, denying denied: String = "") -> String {
        document(
            """
            <type>system</type>
            \(listen)
            <auth>EXTERNAL</auth>
            <policy context="default">
              <allow user="*"/>
              <allow own="*"/>
              <allow send_destination="*"/>
              <allow receive_sender="*"/>
              \(denied)
            </policy>
            """)
    }

    private static func withoutMirror(_ policy: [UInt8]) -> String {
        let lines = String(decoding: policy, as: UTF8.self).split(separator: "\n")
        return lines.filter { !$0.contains("org.freedesktop.Passim.Mirror") }.joined(separator: "\n")
    }

    private static func ownership(of users: [UInt32]) -> String {
        document(
            users.map { "<policy user=\"\($0)\"><allow own=\"org.freedesktop.Passim\"/></policy>" }
                .joined(separator: "\n"))
    }

    private static func document(_ content: String) -> String {
        """
        <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
         "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
        <busconfig>
        \(content)
        </busconfig>

        """
    }

    /// The policy file that is to be installed.
    private func ours() throws -> [UInt8] {
        try Command.succeed(["cat", Products.repository + "/etc/dbus/org.freedesktop.Passim.conf"]).output
    }

    /// The distribution's system.conf, with its policy and limits, in this directory, for whoever runs the tests,
    /// without services to start.
    private func distributions(_ listen: String) throws -> [UInt8] {
        let removed = ["user", "fork", "standard_system_servicedirs", "servicehelper", "pidfile", "syslog"]
        let inclusions = ["include", "includedir"]
        var script = (removed + inclusions).map { "/^ *<\($0)[ >\\/]/d" }
        script.append("s|^ *<listen>.*|\(listen)|")
        script.append("s|^ *</busconfig>|<includedir>\(tree.absolute("policy"))</includedir></busconfig>|")
        return try Command.succeed(["sed", script.joined(separator: ";"), SystemBus.configuration]).output
    }

    private static let configuration = "/usr/share/dbus-1/system.conf"

    // MARK: - dbus-daemon

    package var address: String { "unix:path=\(tree.absolute("socket"))" }

    /// For programs that are to use it.
    package var environment: [String: String?] { ["DBUS_SYSTEM_BUS_ADDRESS": address] }

    package func start() throws {
        let started = try ChildProcess([
            "dbus-daemon", "--config-file=\(tree.absolute("bus.conf"))", "--nofork", "--nopidfile",
            "--print-address=2",
        ])
        try started.waitForLine(containing: "unix:path=")
        daemon.withLock { $0 = started }
    }

    package func stop() throws {
        guard
            let running = daemon.withLock({ daemon in
                defer { daemon = nil }
                return daemon
            })
        else { return }
        try running.terminate()
    }

    /// SIGSTOP: it is there and does not answer.
    package func hang() {
        daemon.withLock { $0 }?.kill(SIGSTOP)
    }

    /// SIGCONT
    package func goOn() {
        daemon.withLock { $0 }?.kill(SIGCONT)
    }

    // MARK: - Programs on it

    /// - Parameter user: nil is whoever runs the tests.
    package func setting(user: UInt32? = nil) -> ChildProcess.Setting {
        var setting = ChildProcess.Setting()
        setting.environment = environment
        setting.user = user
        return setting
    }

    /// `gdbus call` of a method of the daemon's object.
    ///
    /// - Parameter method: with its interface before it.
    package func call(
        _ method: String, _ arguments: String..., user: UInt32? = nil
    ) async throws -> Command.Outcome {
        let call = ["gdbus", "call", "--system", "--timeout", "60", "--dest", "org.freedesktop.Passim"]
        let command = call + ["--object-path", "/", "--method", method] + arguments
        return try await onOwnThread { [setting = setting(user: user)] in try Command.run(command, setting) }
    }

    /// busctl(1), which is not of GLib.
    package func busctl(_ arguments: String..., user: UInt32? = nil) async throws -> Command.Outcome {
        let command = ["busctl", "--system", "--no-pager"] + arguments
        return try await onOwnThread { [setting = setting(user: user)] in try Command.run(command, setting) }
    }
}
