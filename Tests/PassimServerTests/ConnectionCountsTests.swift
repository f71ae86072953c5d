import PassimCore
import Testing

@testable import PassimServer

@Suite struct ConnectionCountsTests {
    @Test func aClientHasAsManyAsTheLimitSaysUntilOneLeaves() {
        let counts = ConnectionCounts()
        let client = ClientAccount.address(IPAddress(ipv4: 0xC000_0201))
        #expect(counts.admit(client, limit: 2))
        #expect(counts.admit(client, limit: 2))
        #expect(!counts.admit(client, limit: 2))
        #expect(counts.admit(.address(IPAddress(ipv4: 0xC000_0202)), limit: 2))
        counts.leave(client)
        #expect(counts.admit(client, limit: 2))
    }

    @Test func loopbackIsNotLimited() {
        let counts = ConnectionCounts()
        for _ in 0..<1000 { #expect(counts.admit(.loopback, limit: 1)) }
        #expect(counts.admit(.loopback, limit: 0))
    }
}
