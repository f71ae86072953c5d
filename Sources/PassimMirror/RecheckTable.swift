internal import PassimCore

/// The paths that are being looked at again, so that each is once. A value: the mirror's lock guards it.
///
/// While a path is here no walk believes its stamp: the entry was dropped because the file was found
/// changed, and a stamp alone would bring the old digest back.
struct RecheckTable {
    private enum State {
        case waiting
        case running
        /// Asked for again while it ran.
        case runningAgain
    }

    private var states: [RawName: State] = [:]

    var isEmpty: Bool { states.isEmpty }

    func contains(_ path: RawName) -> Bool { states[path] != nil }

    enum Addition {
        /// To be queued.
        case added
        case known
        case full
    }

    mutating func add(_ path: RawName) -> Addition {
        switch states[path] {
        case .waiting, .runningAgain: return .known
        case .running:
            states[path] = .runningAgain
            return .known
        case nil:
            if states.count >= Limits.waitingRechecks { return .full }
            states[path] = .waiting
            return .added
        }
    }

    mutating func begin(_ path: RawName) {
        states[path] = .running
    }

    /// - Returns: true when it was asked for again and is to be queued again.
    mutating func end(_ path: RawName) -> Bool {
        if case .runningAgain = states[path] {
            states[path] = .waiting
            return true
        }
        states[path] = nil
        return false
    }
}
