import Logging
import PassimBus
import PassimCore
import PassimTestKit

/// The command on a bus of its own, with the real service on it; ended with the last reference.
final class CommandFixture: Sendable {
    let bus: SystemBus
    let daemon = TestDaemon()
    let tree: TemporaryTree
    private let service: BusService

    static func make() async throws -> CommandFixture {
        let fixture = try await onOwnThread { try CommandFixture() }
        let isThere = try await becomesTrue {
            try await fixture.bus.call("org.freedesktop.DBus.Peer.Ping").succeeded
        }
        guard isThere else { throw TestFailure("the service is not on the bus") }
        return fixture
    }

    private init() throws {
        bus = try SystemBus()
        tree = try TemporaryTree()
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        service = BusService(object: daemon, insecure: false, address: bus.address, logger: quiet)
        service.start()
    }

    deinit {
        service.stop()
    }

    /// Runs the command in `tree`.
    func passim(_ arguments: String...) async throws -> Command.Outcome {
        let command = [try Products.path(of: "passim")] + arguments
        return try await run(command)
    }

    /// - Parameter script: for bash(1), with `$passim`.
    func shell(_ script: String) async throws -> Command.Outcome {
        try await run(["bash", "-c", "passim='\(try Products.path(of: "passim"))'; \(script)"])
    }

    func start(_ arguments: String...) async throws -> ChildProcess {
        let command = [try Products.path(of: "passim")] + arguments
        return try await onOwnThread { [setting] in try ChildProcess(command, setting) }
    }

    /// As another user, who has a copy of the program.
    func passimAsNobody(_ arguments: String...) async throws -> Command.Outcome {
        let program = tree.absolute("passim")
        let built = try Products.path(of: "passim")
        var setting = self.setting
        setting.user = DaemonSite.unprivileged
        return try await onOwnThread { [setting] in
            try Command.succeed(["install", "-m", "755", built, program])
            return try Command.run([program] + arguments, setting)
        }
    }

    private func run(_ command: [String]) async throws -> Command.Outcome {
        try await onOwnThread { [setting] in try Command.run(command, setting) }
    }

    private var setting: ChildProcess.Setting {
        var setting = bus.setting()
        setting.workingDirectory = tree.path
        return setting
    }
}
