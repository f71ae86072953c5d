import PassimCore
import PassimSystem
import PassimTestKit
import Testing

@testable import PassimCrypto

/// The server's side of a connection, against the client's on a thread.
struct TLSSessionTests {
    /// OpenSSL answers records without content for as long as it can read, and whoever else is served by the thread
    /// waits.
    @Test func floodOfKeyUpdatesIsAnsweredABitAtATime() async throws {
        try await onOwnThread { try TLSSessionTests.answerFlood() }
    }

    private static func answerFlood() throws {
        let tree = try TemporaryTree()
        let (identity, _) = try ServerIdentity.load(
            from: .init(
                keyPath: tree.absolute("secret.key"), certificatePath: tree.absolute("cert.pem")),
            hostName: "host", now: wallClock())
        let listener = try Socket.listen(.address(IPAddress(ipv4: 0x7F00_0001)), port: 0)
        let port = try listener.boundPort()
        let flood = Monitor<(count: Int, isOver: Bool)>((0, false))
        let client = try SystemThread(name: "client") {
            var sent = -1
            if let client = try? TLSClient.connected(port: port),
                let updates = try? client.sealedKeyUpdates(3000)
            {
                if (try? client.sendRaw(updates)) != nil { sent = updates.count }
                flood.withLock { $0.count = sent }
                // Stays until the server has seen it.
                _ = flood.wait(seconds: 60) { $0.isOver ? true : nil }
            } else {
                flood.withLock { $0.count = sent }
            }
        }
        defer {
            flood.withLock { $0.isOver = true }
            client.join()
        }
        _ = try listener.waitForInput(milliseconds: 60_000)
        guard let accepted = try listener.accept() else { throw TestFailure("nobody came within a minute") }
        let socket = Descriptor(owning: accepted.socket)
        try answer(socket, TLSContext(serving: identity)) {
            flood.wait(seconds: 60) { $0.count == 0 ? nil : $0.count }
        }
    }

    private static func answer(
        _ socket: borrowing Descriptor, _ context: TLSContext, _ floodSize: () -> Int?
    ) throws {
        let transport = UnsafeMutablePointer<TLSTransport>.allocate(capacity: 1)
        transport.initialize(to: TLSTransport(socket: socket.lend { $0 }))
        transport.pointee.output = OutputBuffer(capacity: 1 << 16)
        defer {
            transport.pointee.output?.free()
            transport.deallocate()
        }
        let session = try #require(TLSSession(context: context, transport: transport))
        shake: while true {
            let outcome = session.handshake()
            if let output = transport.pointee.output, !output.isEmpty {
                _ = try socket.send(output.unsent)
                transport.pointee.output?.reset()
            }
            switch outcome {
            case .done: break shake
            case .wantsInput: break
            case .ended, .failed: throw TestFailure("the handshake failed")
            }
            _ = try socket.waitForInput(milliseconds: 60_000)
            transport.pointee.beginReading()
        }
        let size = try #require(floodSize())
        try #require(size > 60_000)
        var answered = 0
        var bytes = [UInt8](repeating: 0, count: 1024)
        for _ in 0..<1000 where answered < 3000 * 20 {
            _ = try socket.waitForInput(milliseconds: 60_000)
            transport.pointee.beginReading()
            guard case .wantsInput = bytes.withUnsafeMutableBytes({ session.read(into: $0) }) else {
                throw TestFailure("there was something to read")
            }
            let turn = transport.pointee.output?.unsent.count ?? 0
            // A record of input and what it asks for.
            #expect(turn < 40_000)
            answered += turn
            transport.pointee.output?.reset()
        }
        #expect(answered >= 3000 * 20)
        withExtendedLifetime(session) {}
    }
}
