import PassimCore
import PassimTestKit
import Testing

@testable import PassimSystem

struct NetworkInterfaceTests {
    @Test func loopbackIsThereWithItsAddress() throws {
        let loopback = try #require(try NetworkInterface.all().first { $0.name == "lo" })
        #expect(loopback.isLoopback && loopback.isRunning && !loopback.isPointToPoint)
        #expect(loopback.index > 0)
        let address = try #require(loopback.addresses.first { $0.address == IPAddress("127.0.0.1") })
        #expect(address.prefixLength == 8)
        #expect(address.network == Network("127.0.0.0/8"))
    }

    @Test(.enabled(if: isRoot, "adds an address to lo"))
    func changesAreTold() throws {
        let changes = try InterfaceChanges()
        let poller = try Poller(capacity: 1)
        try poller.add(changes.descriptor.lend { $0 }, .input, token: 0)
        changes.clear()
        #expect(try poller.wait(milliseconds: 0) == 0)
        let address = "127.77.\(Int.random(in: 1...250)).\(Int.random(in: 1...250))"
        try Command.succeed(["ip", "addr", "add", "\(address)/30", "dev", "lo"])
        defer { _ = try? Command.run(["ip", "addr", "del", "\(address)/30", "dev", "lo"]) }
        #expect(try poller.wait(milliseconds: 10_000) == 1)
        let loopback = try #require(try NetworkInterface.all().first { $0.name == "lo" })
        #expect(loopback.addresses.first { $0.address == IPAddress(address) }?.prefixLength == 30)
        changes.clear()
    }
}
