#if DEBUG
internal import PassimCore

/// Faults that a test injects into the calls of its own task, in place of the real call. Debug builds only.
package final class FaultPlan: Sendable {
    @TaskLocal package static var current: FaultPlan?

    private let pending: Lock<[SystemCall: [SystemError.Code?]]>

    /// - Parameter faults: for each call what its first, second, … use does: an error, or nil for the
    ///   real call. Later uses are real.
    package init(_ faults: [SystemCall: [SystemError.Code?]]) {
        pending = Lock(faults)
    }

    func take(_ call: SystemCall) -> SystemError.Code? {
        pending.withLock { pending in
            guard var codes = pending[call], !codes.isEmpty else { return nil }
            let code = codes.removeFirst()
            pending[call] = codes
            return code
        }
    }
}
#endif
