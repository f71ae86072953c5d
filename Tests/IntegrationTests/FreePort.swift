import PassimCore
import PassimSystem
import PassimTestKit

/// A port of loopback that nobody listens at now, and that the kernel gives to nobody who asks for any.
func freePort() throws -> UInt16 {
    for _ in 0..<1000 {
        let port = UInt16.random(in: 12_000..<32_000)
        if (try? Socket.listen(.address(IPAddress(ipv4: 0x7F00_0001)), port: port)) != nil { return port }
    }
    throw TestFailure("no free port")
}
