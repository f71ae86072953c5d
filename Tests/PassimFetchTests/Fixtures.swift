import Logging
import PassimCore
import PassimTestKit

@testable import PassimFetch

/// For what must happen, however busy the machine is.
let generous: Duration = .seconds(60)

let wanted = Digest(words: (1, 2, 3, 4))

/// Runs `body` with a prober of its own, and ends that whatever happens.
func withProber<Result>(
    transfers: Int = 256, waiting: Int = 16384, _ body: (PeerProber) async throws -> Result
) async throws -> Result {
    var limits = TransferLoop.Limits()
    limits.transfers = transfers
    limits.waiting = waiting
    let prober = try PeerProber(limits: limits, logger: quiet)
    defer { prober.stop() }
    return try await body(prober)
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension PeerProber {
    func probe(_ server: ScriptedServer, within limit: Duration = generous) async -> ProbeOutcome {
        await probe(server.peer, for: wanted, within: limit)
    }
}

/// What a server answers and how it goes on: with the next request.
func answering(_ head: String) -> [ScriptedServer.Step] {
    [.handshake, .readRequest, .send(head), .repeatFromRequest]
}

let found = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
