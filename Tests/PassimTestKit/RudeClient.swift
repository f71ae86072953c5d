internal import Glibc
package import PassimCore

/// A client that brings its connection to one of the states that a server knows, and does there what a server
/// must survive.
package final class RudeClient {
    package enum State: String, CaseIterable, Sendable {
        case accepted = "accepted"
        case halfHandshake = "half a handshake"
        case shakenHands = "handshake done"
        case halfHead = "half a head"
        case bodyStreaming = "body streaming"
        case waiting = "waiting for a look-up"
        case keepAliveIdle = "keep-alive idle"
        case lingering = "lingering close"
    }

    package enum Event: String, CaseIterable, Sendable {
        /// FIN, and nothing of TLS before it.
        case halfClose = "FIN"
        case reset = "RST"
        case garbage = "garbage"
        /// Neither reads nor sends any more.
        case silence = "silence"
        /// A byte now and then, sent or taken.
        case slowDrip = "slow drip"
    }

    /// What it asks for.
    package struct Targets: Sendable {
        package var small: Digest
        /// More than the kernel's buffers hold.
        package var large: Digest
        package var largeSize: Int
        /// Nobody's.
        package var unknown: Digest

        package init(small: Digest, large: Digest, largeSize: Int, unknown: Digest) {
            self.small = small
            self.large = large
            self.largeSize = largeSize
            self.unknown = unknown
        }
    }

    package let state: State
    private let targets: Targets
    /// nil once it has left.
    private var client: TLSClient?
    private var bodyTaken = 0
    private var drops = 0

    /// Returns when the connection is in that state, as far as a client can know.
    package init(_ state: State, port: UInt16, _ targets: Targets) throws {
        self.state = state
        self.targets = targets
        var options = TLSClient.Options()
        options.seconds = 60
        // A window that is full soon.
        if state == .bodyStreaming { options.receiveBuffer = 4096 }
        let client = try TLSClient(connectingTo: "127.0.0.1", port: port, options)
        self.client = client
        switch state {
        case .accepted: return
        case .halfHandshake:
            try client.beginHandshake()
            return
        default: try client.handshake()
        }
        switch state {
        case .accepted, .halfHandshake, .shakenHands: break
        case .halfHead: try client.send("GET /file?sha256=")
        case .bodyStreaming:
            try client.send(request(targets.large))
            let head = try client.receive(upTo: 512)
            guard let end = HTTPResponse.headEnd(in: head) else { throw TestFailure("no head in 512 bytes") }
            bodyTaken = head.count - end
        case .waiting: try client.send(request(targets.unknown))
        case .keepAliveIdle:
            try client.send(request(targets.small))
            guard try !client.receive().isEmpty else { throw TestFailure("no answer") }
        case .lingering:
            // Refused unread: the server says so, ends its side, and waits for ours.
            try client.send("POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n")
            guard try !client.receiveUntilClosed().bytes.isEmpty else { throw TestFailure("no answer") }
        }
    }

    private func request(_ digest: Digest) -> String {
        "GET /file?sha256=\(digest.hex) HTTP/1.1\r\nHost: localhost\r\n\r\n"
    }

    /// Makes the event happen. Of `slowDrip` it is the first drop; `drip` is the next.
    ///
    /// - Returns: of a FIN in a download, the bytes of the body that came nevertheless.
    @discardableResult
    package func act(_ event: Event, _ random: inout SeededGenerator) throws -> Int? {
        guard let client else { return nil }
        switch event {
        case .halfClose:
            client.endSending()
            // It waits for what it asked for.
            if state == .bodyStreaming {
                let (bytes, _) = try client.receiveUntilClosed()
                return bodyTaken + bytes.count
            }
        case .reset:
            client.resetWhenDone()
            self.client = nil
        case .garbage:
            try? client.sendRaw(random.bytes(Int.random(in: 1...5000, using: &random)))
            if state == .bodyStreaming { drain(client) }
        case .silence: break
        case .slowDrip: drip()
        }
        return nil
    }

    /// What the server sends until it ends the connection; garbage may have cut it.
    private func drain(_ client: TLSClient) {
        while let more = try? client.receiveRaw(upTo: 1 << 18), !more.isEmpty {}
    }

    /// One more byte, where the server still listens.
    package func drip() {
        guard let client else { return }
        drops += 1
        // The server may have ended the connection, as it should at some time.
        switch state {
        case .accepted:
            // A record that announces 16 KiB of ClientHello.
            let start: [UInt8] = [22, 3, 1, 0x40, 0, 1, 0, 0x3F, 0xFC, 3, 3]
            try? client.sendRaw([drops <= start.count ? start[drops - 1] : 0])
        case .halfHandshake, .lingering:
            let start: [UInt8] = [23, 3, 3, 0x40, 0]
            try? client.sendRaw([drops <= start.count ? start[drops - 1] : 0])
        case .bodyStreaming: _ = try? client.receiveRaw(upTo: 1, seconds: 0.001)
        case .shakenHands, .halfHead, .waiting, .keepAliveIdle:
            let start = Array("GET /".utf8)
            let isStart = state != .halfHead && drops <= start.count
            try? client.send([isStart ? start[drops - 1] : 0x61])
        }
    }

    /// Whether the server has ended the connection, for a client that looks.
    package func isEnded(seconds: Double) -> Bool {
        guard let client else { return true }
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            do {
                if try client.receiveRaw(seconds: seconds).isEmpty { return true }
            } catch TLSClient.Failure.reset {
                return true
            } catch {
                return false
            }
        }
        return false
    }
}
