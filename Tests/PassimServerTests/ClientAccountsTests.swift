import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimServer

/// Who has many addresses is one client.
@Suite struct ClientAccountsTests {
    private static let link: [UInt8] = [2, 0, 0, 0, 0, 1]

    /// On interface 7 the addresses ::1 to ::f of each network are one machine.
    private let accounts = ClientAccounts(
        interfaces: { (try? NetworkInterface.all()) ?? [] },
        neighbour: { address, interface in
            address.low & ~15 == 0 && interface == 7 ? ClientAccountsTests.link : nil
        })

    private func account(_ text: String, scope: UInt32 = 0) throws -> ClientAccount {
        let address = try #require(IPAddress(text))
        return accounts.account(
            of: IPAddress(high: address.high, low: address.low, scope: scope), now: monotonicNanoseconds())
    }

    @Test func loopbackAndIPv4AreTakenAsTheyAre() throws {
        #expect(try account("127.0.0.9") == .loopback)
        #expect(try account("::1") == .loopback)
        let address = try #require(IPAddress("192.0.2.1"))
        #expect(try account("192.0.2.1") == .address(address))
    }

    @Test func addressesBeyondARouterCountByTheirNetwork() throws {
        let one = try account("2001:db8:2:3::1")
        #expect(try account("2001:db8:2:3:ffff:1:2:3") == one)
        #expect(try account("2001:db8:2:4::1") != one)
    }

    @Test func machineOnALinkIsOneWhateverItsAddresses() throws {
        let one = try account("fe80::1", scope: 7)
        #expect(one == .machine(interface: 7, link: ClientAccountsTests.link))
        #expect(try account("fe80::2", scope: 7) == one)
    }

    @Test func machineThatTheKernelDoesNotKnowCountsByItsAddress() throws {
        let other = try #require(IPAddress("fe80::1:2"))
        let expected = IPAddress(high: other.high, low: other.low, scope: 7)
        #expect(try account("fe80::1:2", scope: 7) == .address(expected))
    }

    @Test(.enabled(if: Lan.isPossible, "needs root and network namespaces"))
    func kernelKnowsTheLinkLayerAddressOfANeighbour() throws {
        let name = "passim-neigh-\(getpid())"
        try Command.succeed(["ip", "netns", "add", name])
        defer { _ = try? Command.run(["ip", "netns", "delete", name]) }
        try Command.succeed([
            "sh", "-e", "-c",
            """
            ip -n \(name) link add one type veth peer name two
            ip -n \(name) link set one up
            ip -n \(name) -6 neigh add 2001:db8::5 lladdr 02:00:00:00:00:05 dev one
            """,
        ])
        let found = Monitor<(known: [UInt8]?, unknown: [UInt8]?)?>(nil)
        let thread = try SystemThread(name: "namespace") {
            guard (try? ClientPlace(name, asking: "::1").enter()) != nil,
                let one = try? NetworkInterface.all().first(where: { $0.name == "one" })
            else { return }
            let address = IPAddress(high: 0x2001_0DB8_0000_0000, low: 5)
            let other = IPAddress(high: 0x2001_0DB8_0000_0000, low: 6)
            found.withLock {
                $0 = (
                    linkLayerAddress(of: address, on: one.index), linkLayerAddress(of: other, on: one.index)
                )
            }
        }
        thread.join()
        let answer = try #require(found.withLock { $0 })
        #expect(answer.known == [2, 0, 0, 0, 0, 5])
        #expect(answer.unknown == nil)
    }
}
