import PassimCore
import Testing

@testable import PassimDiscovery
@testable import PassimSystem

@Suite struct AnnouncedPlaceTests {
    private static func interface(
        _ index: UInt32, _ name: String, _ addresses: String..., isLoopback: Bool = false,
        isRunning: Bool = true
    ) -> NetworkInterface {
        NetworkInterface(
            index: index, name: name,
            addresses: addresses.map {
                let address = IPAddress($0)!
                let scope = address.isLinkLocal && !address.isIPv4 ? index : 0
                return .init(
                    address: IPAddress(high: address.high, low: address.low, scope: scope), prefixLength: 24)
            }, isRunning: isRunning, isMulticast: !isLoopback, isLoopback: isLoopback, isPointToPoint: false)
    }

    private let interfaces = [
        interface(1, "lo", "127.0.0.1", "::1", isLoopback: true),
        interface(2, "eth0", "10.0.0.1", "10.0.0.2", "fe80::1"),
        interface(3, "eth1", "10.1.0.1", "fe80::1", isRunning: false),
    ]

    private func places(_ listening: Socket.Place..., ipv6: Bool = true) -> [AnnouncedPlace]? {
        AnnouncedPlace.all(listening, ipv6: ipv6, among: interfaces)
    }

    private func place(_ interface: UInt32, v6: Bool = false, _ addresses: String...) -> AnnouncedPlace {
        AnnouncedPlace(
            link: Link(interface: interface, isIPv6: v6),
            addresses: addresses.isEmpty ? nil : addresses.map { IPAddress($0)! })
    }

    @Test func everythingIsEverywhere() {
        #expect(places(.every(v6: false), .every(v6: true)) == nil)
        #expect(places(.every(v6: false), ipv6: false) == nil)
    }

    @Test func interfaceIsItsLinksWhetherItIsUpOrNot() {
        #expect(places(.interface("eth1", v6: false), ipv6: false) == [place(3)])
        #expect(
            places(.interface("eth1", v6: false), .interface("eth1", v6: true))
                == [place(3), place(3, v6: true)])
        #expect(places(.interface("eth9", v6: false)) == [])
    }

    @Test func addressIsTheInterfaceThatHasItWithoutTheOthers() {
        #expect(places(.address(IPAddress("10.0.0.2")!)) == [place(2, "10.0.0.2")])
        // All that there are: the host's own name stands for them.
        #expect(places(.address(IPAddress("10.1.0.1")!)) == [place(3)])
        #expect(
            places(.address(IPAddress("10.0.0.1")!), .address(IPAddress("10.0.0.2")!)) == [place(2)])
        #expect(places(.address(IPAddress("10.9.0.1")!)) == [])
        let scoped = IPAddress(high: 0xFE80 << 48, low: 1, scope: 3)
        #expect(places(.address(scoped)) == [place(3, v6: true)])
    }

    @Test func oneVersionMayBeEverywhereAndTheOtherNot() {
        #expect(
            places(.every(v6: false), .address(IPAddress(high: 0xFE80 << 48, low: 1, scope: 2)))
                == [place(2), place(2, v6: true), place(3)])
    }

    @Test func loopbackIsNobodyElses() {
        #expect(places(.interface("lo", v6: false), .address(IPAddress("127.0.0.1")!)) == [])
    }
}
