internal import PassimCore

/// A directory that has been walked, under one of the paths that it has: a node of the tree of an origin.
///
/// It outlives its directory for those who still work in it, and tells them (`WatchTable.mark`).
final class WatchNode: @unchecked Sendable {
    // Unchecked: all that changes is reached only under the lock of the table.
    let origin: OriginID
    /// Empty in the root.
    let name: RawName
    private(set) var parent: WatchNode?

    var children: [RawName: WatchNode] = [:]
    /// The watch descriptor; -1 where it is not watched.
    var watch: CInt = -1
    /// The walk that came by last.
    var stamp: UInt64 = 0
    /// How many events have been read: what was found out before the last of them may not hold any more.
    var events: UInt64 = 0
    var isGone = false
    /// Whether names below can be reached (the x of its mode, for us).
    var isSearchable = true
    /// Files that somebody has begun to write and not closed.
    var writing: [RawName: Writing] = [:]

    /// Which files those names lead to that are not their only ones.
    var links: [RawName: RootIdentity] = [:]

    struct Writing {
        /// When to stop waiting for the end, in monotonic nanoseconds.
        var deadline: UInt64
        /// Not only created.
        var isModified: Bool
    }

    init(origin: OriginID, name: RawName, parent: WatchNode?) {
        self.origin = origin
        self.name = name
        self.parent = parent
    }

    /// Relative to the origin.
    var path: RawName {
        var names: [RawName] = []
        var node: WatchNode? = self
        while let here = node {
            if !here.name.isEmpty { names.append(here.name) }
            node = here.parent
        }
        var bytes: [UInt8] = []
        for name in names.reversed() {
            if !bytes.isEmpty { bytes.append(0x2F) }
            bytes.append(contentsOf: name.bytes)
        }
        return RawName(bytes: bytes)
    }

    /// Leaves its parent; parent and child know each other until then.
    func detach() {
        if let parent, parent.children[name] === self { parent.children[name] = nil }
        parent = nil
        isGone = true
        writing = [:]
    }
}
