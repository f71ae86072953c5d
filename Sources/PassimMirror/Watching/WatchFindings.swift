internal import PassimCore

/// What was found in the events of one go, to be told to the mirror.
struct WatchFindings {
    struct Directory {
        let node: WatchNode
        var names: [RawName: NoteTable.Marks] = [:]
    }

    /// By node.
    var directories: [ObjectIdentifier: Directory] = [:]
    /// Paths that may lead elsewhere now.
    var followers: Set<WatchTable.Follower> = []
    /// A drop-in has come, gone or been written.
    var dropIns = false
    /// Events were lost: anything may have changed.
    var overflow = false

    var isEmpty: Bool { directories.isEmpty && followers.isEmpty && !dropIns && !overflow }

    mutating func note(_ node: WatchNode, _ name: RawName, _ marks: NoteTable.Marks = []) {
        directories[ObjectIdentifier(node), default: Directory(node: node)].names[name, default: []]
            .formUnion(marks)
    }

    /// A directory itself is to be looked at, by its name in the one above.
    mutating func note(_ node: WatchNode) {
        if let parent = node.parent {
            note(parent, node.name, .thorough)
        } else {
            followers.insert(.origin(node.origin))
        }
    }
}
