import PassimBus
import PassimCore
import PassimTestKit

/// The service on a bus of its own, and programs that call it; ended with the last reference.
final class Fixture: Sendable {
    let bus: SystemBus
    let object = TestBusObject()
    let log = LogLines()
    let service: BusService
    let client: StockBusClient
    let nobody: StockBusClient

    /// - Parameters:
    ///   - running: whether the bus runs.
    ///   - owning: whether the service is waited for.
    static func make(
        _ policy: SystemBus.Policy = .system(), insecure: Bool = false, running: Bool = true,
        owning: Bool = true
    ) async throws -> Fixture {
        try await onOwnThread { try Fixture(policy, insecure: insecure, running: running, owning: owning) }
    }

    private init(_ policy: SystemBus.Policy, insecure: Bool, running: Bool, owning: Bool) throws {
        bus = try SystemBus(policy, running: running)
        service = BusService(object: object, insecure: insecure, address: bus.address, logger: log.logger)
        client = try StockBusClient(bus.environment)
        nobody = try StockBusClient(bus.environment, user: DaemonSite.unprivileged)
        service.start()
        if running, owning { try log.wait(for: Fixture.owned) }
    }

    deinit {
        service.stop()
    }

    /// What the service logs when it has the name.
    static let owned = "on the system bus as org.freedesktop.Passim"

    static let inputOutput = "org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code"
    static let invalidArguments = "org.freedesktop.DBus.Error.InvalidArgs"
}

extension ItemDescription {
    /// A file of a directory.
    init(name: RawName, number: UInt64) {
        self.init(
            digest: Digest(words: (number, 1, 2, 3)), filename: name, size: 4096 + number,
            created: 1_600_000_000)
    }
}
