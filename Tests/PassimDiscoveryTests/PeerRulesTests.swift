import PassimCore
import PassimTestKit
import Testing

@testable import PassimDiscovery
@testable import PassimSystem

/// A host with two Ethernet interfaces, of which the second has a link-local IPv4 address, and a tunnel.
@Suite struct PeerRulesTests {
    private static func interface(
        _ index: UInt32, _ addresses: [(String, Int)], isLoopback: Bool = false
    ) -> NetworkInterface {
        NetworkInterface(
            index: index, name: "eth\(index)",
            addresses: addresses.map {
                let address = IPAddress($0.0)!
                let scope = address.isLinkLocal && !address.isIPv4 ? index : 0
                return .init(
                    address: IPAddress(high: address.high, low: address.low, scope: scope), prefixLength: $0.1
                )
            }, isRunning: true, isMulticast: true, isLoopback: isLoopback, isPointToPoint: false)
    }

    private let interfaces = [
        interface(1, [("127.0.0.1", 8), ("::1", 128)], isLoopback: true),
        interface(
            2, [("198.51.100.7", 24), ("2001:db8:1::7", 64), ("fe80::7", 64), ("10.1.2.3", 24)]),
        interface(3, [("169.254.10.10", 16), ("fe80::8", 64)]),
    ]

    private func refusal(
        _ address: String, _ port: UInt16 = 27500, on interface: UInt32 = 2, scope: UInt32? = nil,
        allowed: [String] = []
    ) -> PeerRules.Refusal? {
        let rules = PeerRules(interfaces, allowed: allowed.map { Network($0)! })
        let parsed = IPAddress(address)!
        let usual = parsed.isLinkLocal && !parsed.isIPv4 ? interface : 0
        let peer = Peer(
            address: IPAddress(high: parsed.high, low: parsed.low, scope: scope ?? usual), port: port)
        return rules.refusal(of: peer, heardOn: interface)
    }

    @Test func placesAreThoseOfPeers() {
        for address in [
            // On a link, private, and the sixth version's.
            "198.51.100.8", "2001:db8:1::8", "10.200.0.1", "172.16.0.1", "172.31.255.254", "192.168.3.4",
            "fd12:3456::1", "fc00::1", "fe80::9",
        ] {
            #expect(refusal(address) == nil, "\(address)")
        }
        for address in [
            "203.0.113.9", "198.51.101.8", "172.15.0.1", "172.32.0.1", "192.167.0.1", "192.169.0.1",
            "11.0.0.1",
            "100.64.0.1", "2001:db8:2::8", "64:ff9b::a01:203", "2002:a01:203::1", "fec0::1", "8.8.8.8",
        ] {
            #expect(refusal(address) == .far, "\(address)")
        }
        for address in [
            "127.0.0.1", "127.8.9.10", "::1", "0.0.0.0", "::", "0.1.2.3", "224.0.0.251", "239.1.1.1",
            "ff02::fb",
            "255.255.255.255", "240.0.0.1", "::10.0.0.1", "::ffff:127.0.0.1",
        ] {
            #expect(refusal(address) == .noMachine, "\(address)")
        }
        // The mapped form is the IPv4 address.
        #expect(refusal("::ffff:203.0.113.9") == .far)
        #expect(refusal("::ffff:10.0.0.1") == nil)
    }

    @Test func ownAddressesAreNotPeers() {
        for address in ["198.51.100.7", "10.1.2.3", "2001:db8:1::7", "fe80::7", "fe80::8", "169.254.10.10"] {
            for interface: UInt32 in [2, 3] {
                #expect(refusal(address, on: interface) == .own, "\(address)")
            }
        }
    }

    @Test func linkLocalAddressesAreTheirLinks() {
        #expect(refusal("169.254.169.254", on: 2) == .linkLocal)
        #expect(refusal("169.254.169.254", on: 3) == nil)
        #expect(refusal("169.254.169.254", on: 2, allowed: ["169.254.0.0/16"]) == .linkLocal)
        #expect(refusal("fe80::9", on: 3) == nil)
        #expect(refusal("fe80::9", on: 4) == .linkLocal)
        #expect(refusal("fe80::9", on: 2, scope: 3) == .linkLocal)
        #expect(refusal("fe80::9", on: 2, scope: 0) == .linkLocal)
    }

    @Test func portsOfOtherServicesAreNotAsked() {
        for port: UInt16 in [0, 1, 22, 25, 80, 442, 444, 1023] {
            #expect(refusal("10.0.0.1", port) == .port, "\(port)")
            #expect(refusal("203.0.113.9", port, allowed: ["203.0.113.0/24"]) == .port)
        }
        for port: UInt16 in [443, 1024, 27500, 65535] { #expect(refusal("10.0.0.1", port) == nil, "\(port)") }
    }

    @Test func networksThatAreNamedAreAskedAndNothingElseForIt() {
        let allowed = ["203.0.113.0/24", "2001:db8:2::/48", "0.0.0.0/0", "::/0"]
        #expect(refusal("203.0.113.9", allowed: [allowed[0]]) == nil)
        #expect(refusal("203.0.114.9", allowed: [allowed[0]]) == .far)
        #expect(refusal("2001:db8:2::8", allowed: [allowed[1]]) == nil)
        for address in ["127.0.0.1", "::1", "224.0.0.251", "ff02::fb", "0.0.0.0"] {
            #expect(refusal(address, allowed: allowed) == .noMachine, "\(address)")
        }
        #expect(refusal("198.51.100.7", allowed: allowed) == .own)
    }

    /// By the interfaces that there are.
    @Test func ownAddressesOfThisMachineAreRefused() throws {
        let filter = PeerFilter(
            allowed: [Network("0.0.0.0/0")!, Network("::/0")!], logger: RecordedLog().logger)
        for interface in try NetworkInterface.all() {
            for address in interface.addresses {
                let peer = Peer(address: address.address, port: 27500)
                #expect(!filter.accepts(peer, heardOn: interface.index), "\(address.address)")
            }
        }
        let far = Peer(address: IPAddress("203.0.113.9")!, port: 27500)
        #expect(filter.accepts(far, heardOn: 1))
        filter.replace(allowed: [])
        #expect(!filter.accepts(far, heardOn: 1))
    }

    /// Anybody can cause it, so it is not said for each.
    @Test func addressFromElsewhereIsSaidOnce() {
        let log = RecordedLog()
        let filter = PeerFilter(allowed: [], logger: log.logger)
        for number in 1...50 {
            _ = filter.accepts(
                Peer(address: IPAddress(ipv4: 0xCB00_7100 + UInt32(number)), port: 27500), heardOn: 1)
        }
        #expect(log.lines.count { $0.text.contains("PeerNetworks=") } == 1)
    }
}
