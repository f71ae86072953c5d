internal import PassimCore

/// A directory that a walk has come to; lives while something in it or below it waits.
///
/// Names are linked to their parents: full paths of a tree 5000 deep would be quadratic in memory.
final class DirectoryNode: @unchecked Sendable {
    // Unchecked: `parent` changes only in `deinit`, and `watch` before the node is known to two threads.
    let walk: Walk
    private(set) var parent: DirectoryNode?
    /// One component, or several in the topmost node of a part; empty in the root.
    let name: RawName
    /// The directory in the table of watches; set when it is listed, before anybody else works in it.
    var watch: WatchNode?

    init(walk: Walk, parent: DirectoryNode?, name: RawName, watch: WatchNode? = nil) {
        self.walk = walk
        self.parent = parent
        self.name = name
        self.watch = watch
    }

    deinit {
        // One by one: a chain as deep as the tree would recurse as deep.
        var next = parent.take()
        while next != nil, isKnownUniquelyReferenced(&next) {
            next = next!.parent.take()
        }
    }

    /// Relative to the origin.
    var path: RawName {
        var names: [RawName] = []
        var length = 0
        var node: DirectoryNode? = self
        while let here = node {
            if !here.name.isEmpty {
                names.append(here.name)
                length += here.name.bytes.count + 1
            }
            node = here.parent
        }
        var bytes = [UInt8]()
        bytes.reserveCapacity(length)
        for name in names.reversed() {
            if !bytes.isEmpty { bytes.append(0x2F) }
            bytes.append(contentsOf: name.bytes)
        }
        return RawName(bytes: bytes)
    }
}
