import Glibc
import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@Suite struct SocketOwnerTests {
    /// A listening socket of this machine, and the other end of what connects to it.
    private final class Listener {
        let listener: Descriptor
        let port: UInt16

        init(_ address: IPAddress) throws {
            listener = try Socket.listen(.address(address), port: 0)
            port = try listener.boundPort()
        }

        func accept() async throws -> Descriptor {
            while true {
                if let accepted = try listener.accept() { return Descriptor(owning: accepted.socket) }
                await Task.yield()
            }
        }
    }

    private static let script = """
        import socket, sys
        client = socket.create_connection((sys.argv[1], int(sys.argv[2])))
        print("connected", file=sys.stderr, flush=True)
        if sys.argv[3] == "close": client.close()
        if sys.argv[3] == "half": client.shutdown(socket.SHUT_WR)
        print("done", file=sys.stderr, flush=True)
        sys.stdin.read() if sys.argv[3] == "exit" else __import__("time").sleep(600)
        """

    private func client(_ address: String, _ port: UInt16, _ then: String, user: UInt32?) throws
        -> ChildProcess
    {
        var setting = ChildProcess.Setting()
        setting.user = user
        let process = try ChildProcess(
            ["/usr/bin/python3", "-c", SocketOwnerTests.script, address, "\(port)", then], setting)
        try process.waitForLine(containing: "done")
        return process
    }

    private func owner(_ address: String, _ then: String = "stay", user: UInt32?) async throws -> UInt32? {
        let listener = try Listener(IPAddress(address)!)
        let process = try client(address, listener.port, then, user: user)
        let accepted = try await listener.accept()
        let owner = accepted.localConnection()?.peerUser
        withExtendedLifetime(process) {}
        return owner
    }

    @Test func ownerIsTheUserWhoHasTheOtherEndOpen() async throws {
        #expect(try await owner("127.0.0.1", user: nil) == geteuid())
        if OwnAddress.hasIPv6Loopback { #expect(try await owner("::1", user: nil) == geteuid()) }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root")) func ownerIsAnotherUser() async throws {
        #expect(try await owner("127.0.0.1", user: 1) == 1)
        // That may be anybody, seen from a user namespace.
        #expect(try await owner("127.0.0.1", user: LocalConnection.overflowUser) == nil)
    }

    /// Of a socket that is closed the kernel says that it is root's.
    @Test(arguments: ["close", "half"]) func endThatIsClosedHasNoOwner(then: String) async throws {
        #expect(try await owner("127.0.0.1", then, user: nil) == nil)
    }
}
