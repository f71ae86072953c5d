package import Logging
package import PassimCore
internal import PassimSystem

/// Asks peers with HEAD over HTTPS, on a thread of its own. Ended by `stop`, or with its last reference.
package final class PeerProber: PeerProbe {
    private let loop: TransferLoop
    private let template: ProbeTemplate
    private let logger: Logger

    /// - Throws: `CurlError`, `SystemError`: no thread, no descriptors, or a libcurl without HTTPS.
    package convenience init(logger: Logger) throws {
        try self.init(limits: TransferLoop.Limits(), logger: logger)
    }

    init(limits: TransferLoop.Limits, logger: Logger) throws {
        template = try ProbeTemplate()
        loop = try TransferLoop(name: "fetch", limits: limits, logger: logger)
        self.logger = logger
    }

    package func probe(
        _ peer: Peer, for digest: Digest, within limit: Duration
    ) async -> ProbeOutcome {
        guard limit > .zero else { return .unasked }
        let probe = HeadProbe(
            peer, digest: digest, limit: limit.nanoseconds, template: template, logger: logger)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if probe.wait(continuation) {
                    loop.start(probe)
                } else {
                    continuation.resume(returning: .unasked)
                }
            }
        } onCancel: {
            probe.settle(.unasked)
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
