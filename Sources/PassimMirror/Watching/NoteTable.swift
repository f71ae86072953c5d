internal import PassimCore

/// The names that are to be looked at, by their directory, so that each is there once however often something
/// happens to it. A value: the mirror's lock guards it.
///
/// Notes say only where to look: what becomes of a name is decided by what is there when it is looked at.
struct NoteTable {
    /// How hard to look.
    struct Marks: OptionSet {
        let rawValue: UInt8

        /// A directory is walked even where it is the one that is known and watched.
        static let thorough = Marks(rawValue: 1)
        /// A file is hashed even where it is the one that is known: somebody has written it.
        static let written = Marks(rawValue: 2)
    }

    private struct Place {
        var names: [RawName: Marks] = [:]
        /// Somebody looks at names taken before.
        var isRunning = false
    }

    private var places: [RawName: Place] = [:]
    private var count = 0

    var isEmpty: Bool { places.isEmpty }

    enum Addition: Equatable {
        /// The directory is to be queued.
        case added
        /// It is queued, or will be when the look that runs has ended.
        case known
        case full
    }

    mutating func add(
        _ names: some Sequence<(key: RawName, value: Marks)>, in directory: RawName
    ) -> Addition {
        var place = places[directory] ?? Place()
        let wasEmpty = place.names.isEmpty
        let before = place.names.count
        // Not copied while it is changed.
        places[directory] = nil
        for (name, marks) in names { place.names[name, default: []].formUnion(marks) }
        count += place.names.count - before
        places[directory] = place
        if count > Limits.waitingNames { return .full }
        return wasEmpty && !place.isRunning ? .added : .known
    }

    /// Takes the names of a directory, whose looks take turns: `end` must follow.
    ///
    /// - Returns: nil where there are none, or somebody looks at others, who will come back for these.
    mutating func begin(_ directory: RawName) -> [RawName: Marks]? {
        guard var place = places[directory], !place.isRunning else { return nil }
        let names = place.names
        count -= names.count
        place.names = [:]
        place.isRunning = true
        places[directory] = place
        return names
    }

    /// - Returns: true when more has come and the directory is to be queued again.
    mutating func end(_ directory: RawName) -> Bool {
        guard var place = places[directory] else { return false }
        place.isRunning = false
        places[directory] = place.names.isEmpty ? nil : place
        return !place.names.isEmpty
    }

    /// Forgets what waits; a pass looks at everything.
    mutating func removeAll() {
        places = places.filter(\.value.isRunning)
        for directory in places.keys { places[directory]!.names = [:] }
        count = 0
    }
}
