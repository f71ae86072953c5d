#if DEBUG
internal import PassimCore

/// Faults that a test injects into the calls of its own task, in place of the real call. Debug builds only.
package final class FaultPlan: Sendable {
    @TaskLocal package static var current: FaultPlan?

    private struct State {
        var pending: [SystemCall: [SystemError.Code?]]
        var calls: [SystemCall] = []
        var sizes: [SystemCall: [Int]] = [:]
    }

    private let state: Lock<State>
    /// Which of all calls fail, counted from 0, and how.
    private let failing: (calls: Range<Int>, code: SystemError.Code)?

    /// - Parameter faults: for each call what its first, second, … use does: an error, or nil for the
    ///   real call. Later uses are real.
    package init(_ faults: [SystemCall: [SystemError.Code?]]) {
        state = Lock(State(pending: faults))
        failing = nil
    }

    /// - Parameter sizes: for each call how many bytes its first, second, … use takes or gives at most; the last of
    ///   them holds for all later ones.
    package init(sizes: [SystemCall: [Int]]) {
        state = Lock(State(pending: [:], sizes: sizes))
        failing = nil
    }

    /// Fails the calls with these numbers, counted from 0 in the order in which they are made. Where that is
    /// all from one on, nothing is cleaned up either: the file system is left as by a process that was killed
    /// there.
    package init(failing calls: Range<Int>, with code: SystemError.Code = .inputOutput) {
        state = Lock(State(pending: [:]))
        failing = (calls, code)
    }

    /// All calls so far, those that failed too.
    package var calls: [SystemCall] { state.withLock { $0.calls } }

    func limit(_ call: SystemCall) -> Int? {
        state.withLock { state in
            guard var sizes = state.sizes[call], let size = sizes.first else { return nil }
            if sizes.count > 1 { sizes.removeFirst() }
            state.sizes[call] = sizes
            return size
        }
    }

    func take(_ call: SystemCall) -> SystemError.Code? {
        state.withLock { state in
            state.calls.append(call)
            if let failing, failing.calls.contains(state.calls.count - 1) { return failing.code }
            guard var codes = state.pending[call], !codes.isEmpty else { return nil }
            let code = codes.removeFirst()
            state.pending[call] = codes
            return code
        }
    }
}
#endif
