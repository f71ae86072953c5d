import PassimBus
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite(.serialized, .timeLimit(.minutes(10))) struct BusClientTests {
    /// What a call throws.
    private func failure(
        _ client: BusClient, _ body: @escaping @Sendable (BusClient) throws -> Void
    ) async throws -> BusError? {
        try await onOwnThread {
            do {
                try body(client)
                return nil
            } catch let error as BusError {
                return error
            }
        }
    }

    @Test func whatTheDaemonHasIsToldToTheCommand() async throws {
        let fixture = try await Fixture.make()
        var status = DirectoryStatus(dropIn: "a.conf", path: "/srv/a", state: .failed("why"))
        status.items = 3
        let items = (0..<30).map { ItemDescription(name: RawName("file-\($0)"), number: $0) }
        fixture.object.state.withLock { state in
            state.properties.mirror?.directories = [status]
            state.items = items
        }
        try await onOwnThread {
            let client = try BusClient(address: fixture.bus.address, seconds: 600)
            let properties = try client.properties()
            #expect(String(describing: properties) == String(describing: fixture.object.properties))
            #expect(try client.items() == items)
            let page = try client.items(offset: 10, limit: 5, filter: "x")
            #expect(page.items == Array(items[10..<15]) && page.total == 30)
            try client.unpublish(TestBusObject.digest.hex)
            try client.rescan()
            #expect(try client.findPeers(TestBusObject.digest).count == 2)
            #expect(try client.findPeers(Digest(of: "x")).isEmpty)
            try client.reportPeer("https://a", TestBusObject.digest)
        }
        let state = fixture.object.state.withLock { $0 }
        #expect(state.unpublished.count == 1 && state.rescans == 1 && state.reported.count == 1)
        #expect(state.pages.first?.filter == "x")
    }

    @Test func publishSendsTheDescriptor() async throws {
        let fixture = try await Fixture.make()
        let tree = try TemporaryTree()
        try tree.write("file", "content")
        let request = PublishRequest(
            filename: RawName("a.cab"), lifetime: Lifetime(maxAge: 1, shareLimit: 9), shareCount: 2,
            flags: [.disabled])
        let client = try await onOwnThread { try BusClient(address: fixture.bus.address, seconds: 600) }
        try await onOwnThread {
            try client.publish(request, content: Descriptor.open(tree.absolute("file"), .readOnly))
        }
        var published = try #require(fixture.object.state.withLock { $0.published.first })
        #expect(!published.cmdline.isEmpty)
        published.cmdline = ""
        #expect(published == request)
        #expect(fixture.object.state.withLock { $0.contents } == [Array("content".utf8)])
        let refused = try await failure(client) { client in
            let content = try Descriptor.open(tree.absolute("file"), .readOnly)
            try client.publish(PublishRequest(filename: RawName("exists")), content: content)
        }
        #expect(
            refused
                == .remote(
                    name: Fixture.inputOutput + "2",
                    message: PublishError.exists(TestBusObject.digest).description))
    }

    @Test func olderDaemonIsAskedForWhatItHas() async throws {
        let bus = try await onOwnThread { try SystemBus() }
        let daemon = try await OlderDaemon.start(on: bus)
        let client = try await onOwnThread { () -> BusClient in
            let client = try BusClient(address: bus.address)
            let properties = try client.properties()
            #expect(properties.daemonVersion == "0.1.12" && properties.status == .running)
            #expect(properties.mirror == nil && properties.name.isEmpty)
            #expect(try client.items().map(\.size) == Array(0..<20))
            let page = try client.items(offset: 1, limit: 2, filter: "le-1")
            #expect(page.items.map(\.size) == [10, 11] && page.total == 11)
            return client
        }
        for body in calls {
            let error = try await failure(client, body)
            // The policy lets it through: the daemon does not know it.
            #expect(error == .noMirrorInterface, "\(String(describing: error))")
        }
        try await onOwnThread { try daemon.terminate() }
    }

    private let calls: [@Sendable (BusClient) throws -> Void] = [
        { try $0.rescan() },
        { try $0.vouch([TestBusObject.voucher(1)]) },
        { _ = try $0.findPeers(TestBusObject.digest) },
        { try $0.reportPeer("https://a", TestBusObject.digest) },
    ]

    @Test func noDaemonAndNoBusAreToldApart() async throws {
        let bus = try await onOwnThread { try SystemBus() }
        let client = try await onOwnThread { try BusClient(address: bus.address) }
        #expect(
            try await failure(client) { _ = try $0.properties() }
                == .noDaemon)
        #expect(
            try await failure(client) { _ = try $0.items() } == .noDaemon)
        for body in calls { #expect(try await failure(client, body) == .noDaemon) }
        try await onOwnThread { try bus.stop() }
        let lost = try await failure(client) { _ = try $0.items() }
        guard case .noBus = lost else {
            Issue.record("\(String(describing: lost))")
            return
        }
        let error = #expect(throws: BusError.self) { _ = try BusClient(address: bus.address) }
        #expect(error.map { "\($0)".hasPrefix("cannot reach passimd: there is no connection") } == true)
    }

    /// The stock policy file does not name Mirror.
    @Test func olderPolicyLeavesWhatItAllows() async throws {
        let fixture = try await Fixture.make(.older)
        fixture.object.state.withLock { $0.items = [ItemDescription(name: RawName("a"), number: 1)] }
        let client = try await onOwnThread { () -> BusClient in
            let client = try BusClient(address: fixture.bus.address, seconds: 600)
            #expect(try client.items(offset: 0, limit: 9, filter: "").total == 1)
            // Those come through the interface Properties, which is allowed.
            #expect(try client.properties().mirror != nil)
            return client
        }
        for body in calls {
            let error = try await failure(client, body)
            guard case .accessDenied = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }
}
