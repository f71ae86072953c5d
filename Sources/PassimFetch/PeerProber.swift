package import Logging
package import PassimCore
internal import PassimSystem

/// Asks peers and named mirrors with HEAD over HTTPS, on a thread of its own. Ended by `stop`, or with its last reference.
package final class PeerProber: PeerProbe, MirrorProbe {
    private let loop: TransferLoop
    private let template: ProbeTemplate
    private let logger: Logger

    /// - Parameter name: of its thread.
    /// - Throws: `CurlError`, `SystemError`: no thread, no descriptors, or a libcurl without HTTPS.
    package convenience init(name: String = "fetch", logger: Logger) throws {
        try self.init(name: name, limits: TransferLoop.Limits(), logger: logger)
    }

    init(name: String = "fetch", limits: TransferLoop.Limits, logger: Logger) throws {
        template = try ProbeTemplate()
        loop = try TransferLoop(name: name, limits: limits, logger: logger)
        self.logger = logger
    }

    package func probe(
        _ peer: Peer, for digest: Digest, within limit: Duration
    ) async -> ProbeOutcome {
        await ask(ProbeTarget(peer), for: digest, within: limit).outcome
    }

    package func probe(
        _ host: MirrorHost, at addresses: [IPAddress], for digest: Digest, within limit: Duration
    ) async -> MirrorOutcome {
        let answer = await ask(ProbeTarget(host, at: addresses), for: digest, within: limit)
        return switch answer.outcome {
        case .confirmed: .confirmed
        case .denied: .denied
        case .refused: .refused
        case .failed: answer.isWrongKey ? .wrongKey : .failed(answer.reason)
        case .unasked: .unasked
        }
    }

    private func ask(_ target: ProbeTarget, for digest: Digest, within limit: Duration) async -> ProbeAnswer {
        let nothing = ProbeAnswer(outcome: .unasked)
        guard limit > .zero else { return nothing }
        let probe = HeadProbe(
            target, digest: digest, limit: limit.nanoseconds, template: template, logger: logger)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if probe.wait(continuation) {
                    loop.start(probe)
                } else {
                    continuation.resume(returning: nothing)
                }
            }
        } onCancel: {
            probe.settle(nothing)
            loop.cancel(probe)
        }
    }

    /// Ends all questions, and the thread, and waits for that, some milliseconds. What is asked later is
    /// answered at once, with `unasked`.
    package func stop() {
        loop.stop()
    }
}

extension Duration {
    /// At most an hour, which nobody waits.
    fileprivate var nanoseconds: UInt64 {
        let (seconds, attoseconds) = min(self, .seconds(3600)).components
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}
