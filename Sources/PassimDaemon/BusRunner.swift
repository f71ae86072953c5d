internal import PassimBus
internal import ServiceLifecycle

/// The daemon on the bus, from its start on: who asks early is told that it is starting.
struct BusRunner: Service {
    let bus: BusService

    func run() async throws {
        bus.start()
        try? await gracefulShutdown()
        await onThread("stop-bus") { bus.stop() }
    }
}
