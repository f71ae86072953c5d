internal import PassimBus
internal import PassimPublish
internal import ServiceLifecycle

/// The daemon on the bus, from its start on: who asks early is told that it is starting.
struct BusRunner: Service {
    let bus: BusService
    let store: ItemStore

    func run() async throws {
        bus.start()
        try? await gracefulShutdown()
        store.close()
        _ = await onThread("stop-bus", within: 1) { bus.stop() }
    }
}
