import PassimConfig
import PassimCore
import PassimServer
import PassimSystem
import Testing

@testable import PassimDaemon

@Suite struct ServerSettingsTests {
    private func settings(
        limit: Int = 1024, _ change: (inout DaemonConfiguration) -> Void = { _ in }
    ) -> ServerSettings {
        var configuration = DaemonConfiguration()
        change(&configuration)
        return ServerSettings(configuration, hostName: "box.example.org", descriptorLimit: limit)
    }

    private let loopback4 = Socket.Place.address(IPAddress("127.0.0.1")!)
    private let loopback6 = Socket.Place.address(IPAddress("::1")!)

    // MARK: Places

    @Test func withoutListenEveryAddressIsServed() {
        #expect(settings().places == [.every(v6: false)])
        #expect(settings { $0.ipv6 = true }.places == [.every(v6: false), .every(v6: true)])
    }

    @Test func besideAnAddressLoopbackIsServed() {
        let address = Socket.Place.address(IPAddress("192.0.2.1")!)
        #expect(settings { $0.listen = ["192.0.2.1"] }.places == [address, loopback4])
        let both = settings {
            $0.listen = ["192.0.2.1", "127.0.0.1", "::1", "192.0.2.1"]
            $0.ipv6 = true
        }
        #expect(both.places == [address, loopback4, loopback6])
    }

    @Test func besideAnInterfaceLoopbackIsOneToo() {
        #expect(
            settings { $0.listen = ["lan0"] }.places == [
                .interface("lan0", v6: false), .interface("lo", v6: false),
            ])
        #expect(settings { $0.listen = ["lo"] }.places == [.interface("lo", v6: false)])
        let both = settings {
            $0.listen = ["lan0"]
            $0.ipv6 = true
        }
        #expect(
            both.places == [
                .interface("lan0", v6: false), .interface("lan0", v6: true), .interface("lo", v6: false),
                .interface("lo", v6: true),
            ])
    }

    @Test func everyAddressNeedsNoneBesideIt() {
        #expect(settings { $0.listen = ["192.0.2.1", "0.0.0.0", "lan0"] }.places == [.every(v6: false)])
        let both = settings {
            $0.listen = ["::", "192.0.2.1"]
            $0.ipv6 = true
        }
        #expect(both.places == [.every(v6: true), .address(IPAddress("192.0.2.1")!), loopback4])
    }

    @Test func withoutIPv6NoAddressOfItIsServed() {
        #expect(settings { $0.listen = ["2001:db8::1", "192.0.2.1"] }.places.count == 2)
        #expect(settings { $0.listen = ["2001:db8::1"] }.places == [loopback4])
    }

    @Test func scopeOfAnAddressIsItsInterface() throws {
        let places = settings {
            $0.listen = ["fe80::1%lo"]
            $0.ipv6 = true
        }.places
        guard case .address(let address) = try #require(places.first) else {
            Issue.record("\(places)")
            return
        }
        #expect(address.scope == 1)
    }

    /// bind(2) decides which places can stand beside each other; `lo` is an interface that is always there.
    @Test(arguments: [["lo"], ["0.0.0.0"], ["127.0.0.1", "127.0.0.1"], ["192.0.2.77", "192.0.2.77"], []])
    func placesCanBeListenedAtTogether(listen: [String]) throws {
        var sockets: [Bound] = []
        var port: UInt16 = 0
        for place in settings(limit: 1024, { $0.listen = listen }).places {
            let socket = try Socket.listen(place, port: port)
            port = try socket.boundPort()
            sockets.append(Bound(socket: socket))
        }
        #expect(!sockets.isEmpty)
    }

    private final class Bound {
        let socket: Descriptor
        init(socket: consuming Descriptor) { self.socket = socket }
    }

    // MARK: Limits

    @Test(arguments: [(64, 32), (256, 192), (1024, 768), (65536, 49152), (10, 16)])
    func connectionsFitTheDescriptors(limit: Int, connections: Int) {
        #expect(settings(limit: limit).maxConnections == connections)
        // What is configured can lower it, not raise it.
        #expect(settings(limit: limit) { $0.maxConnections = 5 }.maxConnections == 5)
        #expect(settings(limit: limit) { $0.maxConnections = 1_000_000 }.maxConnections == connections)
    }

    @Test(arguments: [(64, 48, 56), (1024, 768, 896), (65536, 64512, 65024)])
    func lastDescriptorsAreNotForClients(limit: Int, connections: Int, files: Int) {
        #expect(settings(limit: limit).descriptorsForConnections == connections)
        #expect(settings(limit: limit).descriptorsForFiles == files)
    }

    @Test func limitOfAnAddressIsTakenAndZeroIsNone() {
        #expect(settings().maxConnectionsPerAddress == 256)
        #expect(settings { $0.maxConnectionsPerAddress = 7 }.maxConnectionsPerAddress == 7)
        #expect(settings { $0.maxConnectionsPerAddress = 0 }.maxConnectionsPerAddress == .max)
    }

    @Test func everythingElseIsTakenOver() {
        let all = settings {
            $0.port = 1234
            $0.maxRate = 99
            $0.pageAllow = [Network("192.0.2.7")!]
        }
        #expect(all.port == 1234)
        #expect(all.maxRate == 99)
        #expect(all.reactors == processorCount())
        #expect(all.pageAllow == [Network("192.0.2.7")!])
        #expect(Set(all.hostNames) == ["box.example.org", "box", "box.example.org.local", "box.local"])
    }
}
