import PassimBus
import PassimCore
import Testing

@Suite struct BusPropertiesTests {
    @Test func olderDaemonHasNoMirror() {
        let properties = BusProperties(
            daemonVersion: "0.1.12", name: "Passim-0A1B", uri: "https://localhost:27500/", status: .running,
            downloadSaving: 1, carbonSaving: 0.5, mirror: nil)
        #expect(properties.mirror == nil)
    }
}
