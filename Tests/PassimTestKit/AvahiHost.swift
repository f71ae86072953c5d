internal import Glibc
internal import PassimCore

/// A host of a `Lan` with a system bus and the real avahi-daemon of its own, configured as the distribution
/// configures it. All ends with the last reference.
package final class AvahiHost: Sendable {
    /// Its network namespace.
    package let namespace: String
    /// What avahi-daemon is to call it, without `.local`.
    package let name: String
    private let tree: TemporaryTree
    private let bus: SystemBus
    private let daemon = Lock<ChildProcess?>(nil)

    /// Whether hosts can be made here: for `.enabled(if: AvahiHost.isPossible, "…")`.
    package static let isPossible: Bool =
        Lan.isPossible && canMount
        && ["dbus-daemon", "avahi-daemon", "avahi-browse"].allSatisfy { program in
            (try? Command.run(["sh", "-c", "command -v \"$0\"", program]))?.succeeded == true
        }

    package static let requirement = "needs root, namespaces, dbus-daemon, avahi-daemon and avahi-utils"

    /// - Parameter settings: keys of avahi-daemon.conf that differ from the distribution's.
    /// - Parameter running: whether the bus and avahi-daemon are started.
    /// - Parameter denied: attributes of a rule `<deny …/>` of the bus.
    package init(
        _ namespace: String, name: String, settings: [String: String] = [:], running: Bool = true,
        denying denied: String? = nil
    ) throws {
        self.namespace = namespace
        self.name = name
        tree = try TemporaryTree()
        bus = try SystemBus(denied.map { .everythingBut($0) } ?? .everything, running: false)
        let keys = settings.map { "s/^#\\?\($0.key)=.*/\($0.key)=\($0.value)/" }
        let lines = try Command.succeed(["sed", keys.joined(separator: ";"), AvahiHost.configuration])
        try tree.write("avahi-daemon.conf", lines.output)
        for (key, value) in settings where !lines.text.contains("\n\(key)=\(value)\n") {
            throw TestFailure("\(AvahiHost.configuration) has no \(key)")
        }
        if running {
            try startBus()
            try startAvahi()
        }
    }

    deinit {
        // avahi-daemon before its bus.
        daemon.withLock { $0 = nil }
    }

    private static let configuration = "/etc/avahi/avahi-daemon.conf"

    // MARK: - The bus

    package var busAddress: String { bus.address }

    package func startBus() throws {
        try bus.start()
    }

    package func stopBus() throws {
        try bus.stop()
    }

    // MARK: - avahi-daemon

    /// Returns when it says that its host name is established.
    package func startAvahi(seconds: Double = 30) throws {
        let started = try launchAvahi()
        try started.waitForLine(containing: "Server startup complete", seconds: seconds)
        daemon.withLock { $0 = started }
    }

    private func launchAvahi() throws -> ChildProcess {
        var setting = setting
        setting.ownMounts = true
        // Its sockets and its process number are in /run; its host name is that of uts_namespaces(7).
        let script = """
            mount -t tmpfs none /run
            exec unshare --uts sh -e -c 'hostname \(name); exec "$@"' sh "$@"
            """
        return try ChildProcess(
            [
                "sh", "-e", "-c", script, "sh", "avahi-daemon", "--no-drop-root", "--no-chroot",
                "--file=\(tree.absolute("avahi-daemon.conf"))",
            ], setting)
    }

    package func stopAvahi() throws {
        guard
            let running = daemon.withLock({ daemon in
                defer { daemon = nil }
                return daemon
            })
        else { return }
        try running.terminate()
    }

    package func restartAvahi() throws {
        try stopAvahi()
        try startAvahi()
    }

    /// SIGHUP, SIGSTOP or any other.
    package func signalAvahi(_ signal: Int32) {
        daemon.withLock { $0 }?.kill(signal)
    }

    /// avahi-daemon's process; nil while there is none.
    package var avahi: ChildProcess? { daemon.withLock { $0 } }

    // MARK: - Programs on it

    /// Of programs that run on this host and use its bus.
    package var setting: ChildProcess.Setting {
        var setting = ChildProcess.Setting()
        setting.namespace = namespace
        setting.environment = bus.environment
        return setting
    }

    @discardableResult
    package func run(_ arguments: String..., seconds: Double = 60) throws -> Command.Outcome {
        try Command.run(arguments, setting, seconds: seconds)
    }

    /// What a stock peer does: browses the subtype until AllForNow, then resolves every hit.
    ///
    /// avahi-browse 0.8 waits for ever where a hit goes while it is resolved (`remove_service` lowers no count): after
    /// `seconds` it is ended and run again, three times altogether.
    ///
    /// - Returns: those that are not this host itself.
    package func browse(_ type: String, seconds: Double = 15) throws -> [Answer] {
        let arguments = [
            "timeout", "\(seconds)", "avahi-browse", "--terminate", "--resolve", "--parsable",
            "--ignore-local", "--no-db-lookup", type,
        ]
        var outcome: Command.Outcome
        var runs = 0
        repeat {
            outcome = try Command.run(arguments, setting, seconds: seconds + 30)
            runs += 1
        } while outcome.end == .exit(124) && runs < 3
        guard outcome.succeeded else {
            throw TestFailure("\(arguments.joined(separator: " ")): \(outcome.end), \(outcome.errorText)")
        }
        // =;lan0;IPv4;name;type;domain;host;address;port;"txt"
        return outcome.text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: ";", omittingEmptySubsequences: false)
            guard fields.count >= 9, fields[0] == "=" else { return nil }
            return Answer(host: String(fields[6]), address: String(fields[7]), port: String(fields[8]))
        }
    }

    package struct Answer: Sendable {
        package var host: String
        package var address: String
        package var port: String
    }
}
