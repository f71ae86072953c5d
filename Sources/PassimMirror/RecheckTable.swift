internal import PassimCore

/// The files that wait to be hashed on their own, or are, so that each is once. A value: the mirror's lock
/// guards it.
///
/// While a path is here no walk believes its stamp: the entry was dropped because the file was found
/// changed, and a stamp alone would bring the old digest back.
struct RecheckTable {
    private enum State {
        case waiting
        case running
        /// Changed again while it was hashed.
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

    /// - Returns: true when it was asked for again and is to be looked at again.
    mutating func end(_ path: RawName) -> Bool {
        if case .runningAgain = states[path] {
            states[path] = nil
            return true
        }
        states[path] = nil
        return false
    }
}
