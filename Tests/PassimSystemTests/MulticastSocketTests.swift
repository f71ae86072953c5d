import Glibc
import PassimCore
import PassimTestKit
import Testing

@testable import PassimSystem

struct MulticastSocketTests {
    /// Of nobody's (RFC 5771, 6).
    private let group = IPAddress("224.0.0.254")!

    private func loopback() throws -> UInt32 {
        try #require(try NetworkInterface.all().first { $0.isLoopback && $0.isRunning }).index
    }

    private func socket(_ group: IPAddress, _ port: UInt16) throws -> Descriptor {
        try Socket.multicast(group, port: port, interface: try loopback())
    }

    private func receive(_ descriptor: borrowing Descriptor, _ capacity: Int = 100) throws -> (
        Datagram, [UInt8]
    ) {
        try descriptor.waitForInput()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
        defer { buffer.deallocate() }
        guard let datagram = try descriptor.receiveDatagram(into: buffer) else {
            throw TestFailure("nothing is there")
        }
        return (datagram, Array(buffer.prefix(datagram.count ?? 0)))
    }

    // IPv6 has no multicast route over lo: PassimDiscoveryTests has it on a LAN.
    @Test func socketsOfOnePortAllReceive() throws {
        let first = try socket(group, 0)
        let port = try first.boundPort()
        let second = try socket(group, port)
        try [1, 2, 3].withUnsafeBytes { try first.send($0, to: group, port: port) }
        let received = [try receive(first), try receive(second)]
        for (datagram, bytes) in received {
            #expect(datagram.hops == 255)
            #expect(datagram.port == port)
            #expect(datagram.sender.isIPv4)
            #expect(bytes.count == 3 * MemoryLayout<Int>.size)
        }
        let more = try first.receiveDatagram(into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
        #expect(more == nil)
        #expect(try first.receiveDatagram(into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) == nil)
    }

    @Test func whatIsLongerThanTheBufferIsTold() throws {
        let first = try socket(group, 0)
        let port = try first.boundPort()
        let second = try socket(group, port)
        try [UInt8](repeating: 1, count: 50).withUnsafeBytes { try first.send($0, to: group, port: port) }
        let cut = try receive(second, 49).0.count
        #expect(cut == nil)
        let whole = try receive(first, 50).0.count
        #expect(whole == 50)
    }

    @Test func portThatIsSomebodysAloneIsTold() throws {
        let exclusive = Glibc.socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        defer { close(exclusive) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(exclusive, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        #expect(result == 0)
        let owner = Descriptor(owning: dup(exclusive))
        let port = try owner.boundPort()
        #expect(code(of: { _ = try socket(group, port).boundPort() }) == .addressInUse)
    }

    @Test func interfaceThatIsNotThereIsTold() throws {
        let code = code {
            _ = try Socket.multicast(group, port: 0, interface: 0x7FFF_0000).boundPort()
        }
        #expect(code == .noSuchInterface)
    }

    private func code(of body: () throws -> Void) -> SystemError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? SystemError)?.code
        }
    }
}

extension Descriptor {
    fileprivate borrowing func waitForInput() throws {
        let poller = try Poller(capacity: 1)
        try poller.add(lend { $0 }, .input, token: 0)
        guard try poller.wait(milliseconds: 10_000) == 1 else { throw TestFailure("nothing came") }
    }
}
