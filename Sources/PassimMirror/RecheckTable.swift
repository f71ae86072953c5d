internal import PassimCore

/// The files that wait to be hashed on their own, or are, so that each is once. A value: the mirror's lock
/// guards it.
///
/// While a path is here no walk believes its stamp: the entry was dropped because the file was found
/// changed, and a stamp alone would bring the old digest back.
struct RecheckTable {
    private enum State {
        case waiting(isWritten: Bool)
        case running
        /// Changed again while it was hashed.
        case runningAgain(isWritten: Bool)
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

    /// - Parameter isWritten: somebody may have written the file and put its times back.
    mutating func add(_ path: RawName, isWritten: Bool) -> Addition {
        switch states[path] {
        case .waiting(let wasWritten):
            states[path] = .waiting(isWritten: wasWritten || isWritten)
            return .known
        case .running:
            states[path] = .runningAgain(isWritten: isWritten)
            return .known
        case .runningAgain(let wasWritten):
            states[path] = .runningAgain(isWritten: wasWritten || isWritten)
            return .known
        case nil:
            if states.count >= Limits.waitingRechecks { return .full }
            states[path] = .waiting(isWritten: isWritten)
            return .added
        }
    }

    /// Has a path that is here looked at once more, if that has begun.
    ///
    /// - Returns: false where it is not here.
    mutating func join(_ path: RawName) -> Bool {
        contains(path) && add(path, isWritten: false) == .known
    }

    /// - Returns: whether it was written since it was here, or since it was begun before.
    mutating func begin(_ path: RawName) -> Bool {
        defer { states[path] = .running }
        return switch states[path] {
        case .waiting(let isWritten), .runningAgain(let isWritten): isWritten
        case .running, nil: false
        }
    }

    /// - Returns: how to look at it again; nil where nobody has asked for it.
    mutating func end(_ path: RawName) -> NoteTable.Marks? {
        defer { states[path] = nil }
        if case .runningAgain(let isWritten) = states[path] { return isWritten ? .written : [] }
        return nil
    }
}
