import PassimBus
import PassimCore
import PassimTestKit
import Testing

@Suite(.serialized, .timeLimit(.minutes(10))) struct SignalTests {
    @Test func manyChangesAreFewSignals() async throws {
        let fixture = try await Fixture.make()
        let watcher = try await fixture.nobody.start("watch")
        let start = ContinuousClock.now
        fixture.object.state.withLock { $0.properties.mirror?.itemCount = 4 }
        for _ in 0..<10_000 { fixture.service.itemsChanged() }
        func count() -> Int { watcher.errorText.split(separator: "\n").count(where: { $0 == "Changed" }) }
        // The first at once, and one more for what came later.
        #expect(await becomesTrue { count() >= 1 })
        fixture.service.itemsChanged()
        #expect(await becomesTrue { count() >= 2 })
        let seconds = (ContinuousClock.now - start).components.seconds
        #expect(count() <= 2 + Int(seconds))
        #expect(watcher.errorText.contains("org.freedesktop.Passim.Mirror ItemCount=4\n"))
        #expect(!watcher.errorText.contains("TotalBytes"))
    }

    @Test func statusIsToldWhenItIsAnother() async throws {
        let fixture = try await Fixture.make()
        let watcher = try await fixture.nobody.start("watch")
        fixture.service.propertiesChanged()
        for status in [DaemonStatus.loading, .running] {
            fixture.object.state.withLock { $0.properties.status = status }
            fixture.service.propertiesChanged()
            try await onOwnThread {
                try watcher.waitForLine(containing: "org.freedesktop.Passim Status=\(status.rawValue)")
            }
        }
        fixture.service.propertiesChanged()
        fixture.object.state.withLock { $0.properties.name = "Passim-FFFF" }
        fixture.service.propertiesChanged()
        try await onOwnThread { try watcher.waitForLine(containing: "Name=Passim-FFFF") }
        #expect(watcher.errorText.split(separator: "\n").count(where: { $0.contains("Status") }) == 2)
    }
}
