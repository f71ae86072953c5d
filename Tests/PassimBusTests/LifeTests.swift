import Logging
import PassimBus
import PassimCore
import PassimTestKit
import Testing

/// The bus comes and goes, and so does the name.
@Suite(.serialized, .timeLimit(.minutes(10))) struct LifeTests {
    @Test func busThatComesLateIsFoundAfterOneWarning() async throws {
        let fixture = try await Fixture.make(running: false)
        #expect(await becomesTrue { fixture.log.has("trying again", 2) })
        #expect(fixture.log.texts(from: .warning).count == 1)
        try await onOwnThread { try fixture.bus.start() }
        #expect(await becomesTrue { fixture.log.has(Fixture.owned) })
        #expect(try await fixture.client.run("properties").lines.count == 6)
    }

    @Test func restartOfTheBusIsSurvived() async throws {
        let fixture = try await Fixture.make()
        for number in 1...2 {
            try await onOwnThread {
                try fixture.bus.stop()
                try fixture.bus.start()
            }
            #expect(await becomesTrue { fixture.log.has(Fixture.owned, number + 1) })
            #expect(fixture.log.texts(from: .warning).count == number)
            #expect(try await fixture.client.run("properties").lines.count == 6)
        }
        let watcher = try await fixture.client.start("watch")
        fixture.service.itemsChanged()
        try await onOwnThread { try watcher.waitForLine(containing: "Changed") }
    }

    @Test func nameThatAnotherTakesIsNotFoughtFor() async throws {
        let fixture = try await Fixture.make()
        // A second daemon, as systemd would start it while the first is still there.
        let log = LogLines()
        let other = BusService(
            object: TestBusObject(), insecure: false, address: fixture.bus.address, logger: log.logger)
        other.start()
        #expect(await becomesTrue { log.has(Fixture.owned) && fixture.log.has("not on the bus any more") })
        // What comes now comes to nobody.
        fixture.service.itemsChanged()
        fixture.service.propertiesChanged()
        await stop(other)
        #expect(fixture.log.texts(from: .notice).count == 1)
        let answer = try await fixture.client.run("call", "org.freedesktop.Passim", "GetItems")
        #expect(answer.error == "org.freedesktop.DBus.Error.ServiceUnknown")
        await stop(fixture.service)
    }

    @Test func nameThatAnotherKeepsIsWaitedFor() async throws {
        let fixture = try await Fixture.make(running: false)
        try await onOwnThread { try fixture.bus.start() }
        await stop(fixture.service)
        let keeper = try await onOwnThread {
            let script = """
                from gi.repository import Gio, GLib
                Gio.bus_own_name(
                    Gio.BusType.SYSTEM, "org.freedesktop.Passim", Gio.BusNameOwnerFlags.REPLACE, None,
                    lambda *_: print("owned", flush=True, file=__import__("sys").stderr), None)
                GLib.MainLoop().run()
                """
            let process = try ChildProcess(["/usr/bin/python3", "-c", script], fixture.bus.setting())
            try process.waitForLine(containing: "owned")
            return process
        }
        let log = LogLines()
        let service = BusService(
            object: TestBusObject(), insecure: false, address: fixture.bus.address, logger: log.logger)
        service.start()
        #expect(await becomesTrue { log.has("another program has the name") })
        try await onOwnThread { try keeper.terminate() }
        #expect(await becomesTrue { log.has(Fixture.owned) })
        #expect(try await fixture.client.run("properties").lines.count == 6)
        await stop(service)
    }

    /// A policy file that is not installed, or a user it does not name.
    @Test func busThatDoesNotGiveTheNameIsComplainedAboutOnce() async throws {
        let fixture = try await Fixture.make(.distribution, owning: false)
        #expect(await becomesTrue { fixture.log.has("does not give us the name", 2) })
        #expect(fixture.log.texts(from: .warning).count(where: { $0.contains("Passim.conf") }) == 1)
    }

    @Test func stopGivesUpTheNameAndClosesTheConnection() async throws {
        let fixture = try await Fixture.make()
        let watcher = try await fixture.client.start("watch")
        let before = try await fixture.bus.busctl("list", "--unique", "--no-legend")
        await stop(fixture.service)
        try await onOwnThread { try watcher.waitForLine(containing: "no owner") }
        let after = try await fixture.bus.busctl("list", "--unique", "--no-legend")
        func lines(_ outcome: Command.Outcome) -> Int { outcome.text.split(separator: "\n").count }
        #expect(lines(after) == lines(before) - 1, "\(before.text) \(after.text)")
    }

    @Test func stopDoesNotWaitForThoseWhoStall() async throws {
        let fixture = try await Fixture.make()
        let stalled = try await fixture.client.start("stall", "begun", "{'filename': <'a'>}")
        let called = try await fixture.client.run("items", "60")
        #expect(called.error == nil)
        let start = ContinuousClock.now
        await stop(fixture.service)
        // 4 s, and what a busy machine adds.
        #expect(ContinuousClock.now - start < .seconds(60))
        stalled.kill(9)
        #expect(await becomesTrue { fixture.object.state.withLock { $0.published.count == 1 } })
    }

    /// dbus-daemon reads nothing of a service whose answers wait for others: it is connected to anew.
    @Test func busThatTakesNothingForTenSecondsIsConnectedToAnew() async throws {
        let fixture = try await Fixture.make()
        fixture.object.state.withLock { state in
            state.items = (0..<50_000).map { ItemDescription(name: RawName("file-\($0)"), number: $0) }
            state.listingsWait = true
        }
        let flood = try await onOwnThread { [bus = fixture.bus] in
            try BusFlood(bus, connections: 1, calls: 1, "org.freedesktop.Passim", "GetItems", "")
        }
        try await onOwnThread { [object = fixture.object] in
            let hasBegun: Bool? = object.state.wait(seconds: 60) { $0.listings > 0 ? true : nil }
            #expect(hasBegun == true)
        }
        fixture.bus.hang()
        fixture.object.state.withLock { $0.listingsWait = false }
        try await onOwnThread { [log = fixture.log] in
            try log.wait(for: "system bus: lost: ")
        }
        fixture.bus.goOn()
        #expect(await becomesTrue { fixture.log.has(Fixture.owned, 2) })
        let answer = try await fixture.client.run("count", "60")
        #expect(answer.error == nil, "\(answer.message)")
        withExtendedLifetime(flood) {}
    }

    /// A bus that is there and does not answer: stop(8) must end all the same.
    @Test func stopDoesNotWaitForABusThatHangs() async throws {
        let fixture = try await Fixture.make()
        fixture.bus.hang()
        await stop(fixture.service)
        fixture.bus.goOn()
    }

    private func stop(_ service: BusService) async {
        try? await onOwnThread { service.stop() }
    }
}
