import PassimCore
import PassimSystem
import Testing

@Suite struct SocketTests {
    @Test func addressWithItsInterfaceIsRead() throws {
        let address = try #require(IPAddress(scoped: "fe80::1%lo"))
        #expect(address.scope != 0)
        #expect(address.description == "fe80::1")
        #expect(IPAddress(scoped: "fe80::1") == IPAddress("fe80::1"))
        #expect(IPAddress(scoped: "192.0.2.1") == IPAddress("192.0.2.1"))
    }

    @Test(arguments: ["fe80::1%no-such-if", "192.0.2.1%lo", "%lo", "", "fe80::1%", "lo"])
    func otherTextIsNoScopedAddress(text: String) {
        #expect(IPAddress(scoped: text) == nil)
    }

    @Test func listenerHasAPortAndNobodyWaits() throws {
        let listener = try Socket.listen(.address(IPAddress(ipv4: 0x7F00_0001)), port: 0)
        #expect(try listener.boundPort() > 0)
        #expect(try listener.boundAddress()?.isLoopback == true)
        #expect(try listener.accept() == nil)
    }

    @Test func takenPortIsAnError() throws {
        let listener = try Socket.listen(.address(IPAddress(ipv4: 0x7F00_0001)), port: 0)
        let port = try listener.boundPort()
        let error = #expect(throws: SystemError.self) {
            _ = try Socket.listen(.address(IPAddress(ipv4: 0x7F00_0001)), port: port)
        }
        #expect(error?.code == .addressInUse)
    }

    @Test func unknownInterfaceIsAnError() {
        let error = #expect(throws: SystemError.self) {
            _ = try Socket.listen(.interface("no-such-if", v6: false), port: 0)
        }
        // Only root may bind to an interface with some kernels.
        #expect(error?.code == .noSuchInterface || error?.code == .notPermitted)
    }
}
