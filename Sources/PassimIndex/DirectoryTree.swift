internal import PassimCore

/// The directories of all origins: each a name below its parent, so that a path is kept once however many
/// files and directories are below it.
///
/// A `DirectoryID` is the number of a node and, in the upper 8 bits, how often the number was given out, so
/// that one kept for too long is recognized instead of meaning another directory.
struct DirectoryTree: ~Copyable {
    struct Node: BitwiseCopyable {
        var parent: UInt32
        var firstChild: UInt32
        var nextSibling: UInt32
        var previousSibling: UInt32
        /// Place in the arena.
        var name: UInt32
        var origin: UInt32
        /// The writer's counter when it was last asked for.
        var stamp: UInt32
        /// Which retirement it waits in to be reclaimed; 0: none.
        var retirement: UInt32
    }

    private var nodes: Slab<Node>
    private var slots = ExtendibleTable()
    private var names = NameArena()
    private var roots: [OriginID: UInt32] = [:]
    private var generations: [UInt8] = []

    private static var none: UInt32 { .max }
    private static let indexMask: UInt32 = 0xFF_FFFF

    /// The answer of `intern` when it cannot: no directory has it, so every insert is refused.
    static let nowhere = DirectoryID(.max)

    /// - Parameter limit: of directories; a multiple of 64, less than 2^24.
    init(limit: Int) {
        precondition(limit < 1 << 24)
        nodes = Slab(limit: limit)
    }

    var count: Int { nodes.count }

    /// The node of a directory; nil where it has been reclaimed.
    func index(of id: DirectoryID) -> UInt32? {
        let index = id.number & DirectoryTree.indexMask
        guard nodes.contains(index), generations[Int(index)] == UInt8(id.number >> 24) else { return nil }
        return index
    }

    func origin(of id: DirectoryID) -> OriginID? { index(of: id).map { OriginID(nodes[$0].origin) } }

    func find(origin: OriginID, path: RawName) -> DirectoryID? {
        guard var node = roots[origin] else { return nil }
        return path.bytes.withUnsafeBytes { bytes in
            var rest = Components(bytes)
            while let name = rest.next() {
                guard let child = child(of: node, named: name) else { return nil }
                node = child
            }
            return id(of: node)
        }
    }

    /// The directory of that path, new or known; it and all above it are in use as of `stamp`.
    mutating func intern(origin: OriginID, path: RawName, stamp: UInt32) -> DirectoryID {
        let root = roots[origin] ?? add(UnsafeRawBufferPointer(start: nil, count: 0), below: nil, origin)
        guard var node = root else { return DirectoryTree.nowhere }
        roots[origin] = node
        use(node, stamp)
        return path.bytes.withUnsafeBytes { bytes in
            var rest = Components(bytes)
            while let name = rest.next() {
                guard let next = child(of: node, named: name) ?? add(name, below: node, origin) else {
                    return DirectoryTree.nowhere
                }
                node = next
                use(node, stamp)
            }
            return id(of: node)
        }
    }

    /// The path relative to the origin of the file `name`; nil where the directory has been reclaimed.
    func path(of id: DirectoryID, appending name: RawName) -> RawName? {
        guard let node = index(of: id) else { return nil }
        let count = prefixCount(of: node) + name.bytes.count
        return RawName(
            bytes: [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                let target = UnsafeMutableRawBufferPointer(buffer)
                name.bytes.withUnsafeBytes { write(node, $0, to: target) }
                filled = count
            })
    }

    /// The same at the end of `bytes`.
    ///
    /// - Returns: false where the directory has been reclaimed.
    func appendPath(
        of id: DirectoryID, appending name: UnsafeRawBufferPointer, to bytes: inout [UInt8]
    ) -> Bool {
        guard let node = index(of: id) else { return false }
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: prefixCount(of: node) + name.count))
        bytes.withUnsafeMutableBytes { bytes in
            write(node, name, to: UnsafeMutableRawBufferPointer(rebasing: bytes[start...]))
        }
        return true
    }

    /// Bytes before the name of a file in the directory: its path and a slash, or nothing.
    private func prefixCount(of directory: UInt32) -> Int {
        var count = 0
        var node = directory
        while nodes[node].parent != DirectoryTree.none {
            count += names.name(at: nodes[node].name).count + 1
            node = nodes[node].parent
        }
        return count
    }

    /// - Parameter target: has exactly the room for it.
    private func write(
        _ directory: UInt32, _ name: UnsafeRawBufferPointer, to target: UnsafeMutableRawBufferPointer
    ) {
        var end = target.count - name.count
        target[end...].copyBytes(from: name)
        var node = directory
        while nodes[node].parent != DirectoryTree.none {
            let component = names.name(at: nodes[node].name)
            end -= 1
            target[end] = 0x2F
            end -= component.count
            target[end...].copyBytes(from: component)
            node = nodes[node].parent
        }
    }

    /// The directory and all below it, each after those below it.
    func subtree(_ id: DirectoryID) -> [DirectoryID] {
        guard let top = index(of: id) else { return [] }
        var found: [DirectoryID] = []
        var waiting = [top]
        while let node = waiting.popLast() {
            found.append(self.id(of: node))
            var child = nodes[node].firstChild
            while child != DirectoryTree.none {
                waiting.append(child)
                child = nodes[child].nextSibling
            }
        }
        found.reverse()
        return found
    }

    // MARK: - Coming and going out of use

    /// Somebody works with the directory: it and all above it are kept.
    mutating func use(_ id: DirectoryID, stamp: UInt32) {
        var node = index(of: id) ?? DirectoryTree.none
        while node != DirectoryTree.none, nodes[node].stamp != stamp || nodes[node].retirement != 0 {
            use(node, stamp)
            node = nodes[node].parent
        }
    }

    /// Notes that nobody is known to need the directory.
    ///
    /// - Returns: false where it was asked for since `stamp`, or waits already.
    mutating func retire(_ id: DirectoryID, notUsedSince stamp: UInt64, number: UInt32) -> Bool {
        guard let node = index(of: id), nodes[node].stamp < stamp, nodes[node].retirement == 0 else {
            return false
        }
        nodes[node].retirement = number
        return true
    }

    /// Ends a retirement: forgets the directory, unless it has come into use since.
    mutating func reclaim(_ id: DirectoryID, number: UInt32, holdsFiles: Bool) {
        guard let node = index(of: id), nodes[node].retirement == number else { return }
        nodes[node].retirement = 0
        if !holdsFiles, nodes[node].firstChild == DirectoryTree.none { remove(node) }
    }

    private mutating func use(_ node: UInt32, _ stamp: UInt32) {
        nodes[node].stamp = stamp
        nodes[node].retirement = 0
    }

    // MARK: - Nodes

    private func id(of node: UInt32) -> DirectoryID {
        DirectoryID(UInt32(generations[Int(node)]) << 24 | node)
    }

    private func child(of parent: UInt32, named name: UnsafeRawBufferPointer) -> UInt32? {
        var probe = slots.probe(nameHash(name, below: parent))
        while let position = slots.next(&probe) {
            let node = slots[position]
            if nodes[node].parent == parent, names.isName(at: nodes[node].name, name) { return node }
        }
        return nil
    }

    private mutating func add(
        _ name: UnsafeRawBufferPointer, below parent: UInt32?, _ origin: OriginID
    ) -> UInt32? {
        let hash = parent.map { nameHash(name, below: $0) }
        if let hash, !makeRoom(for: hash) { return nil }
        guard let place = names.append(name) else { return nil }
        let sibling = parent.map { nodes[$0].firstChild } ?? DirectoryTree.none
        let node = Node(
            parent: parent ?? DirectoryTree.none, firstChild: DirectoryTree.none, nextSibling: sibling,
            previousSibling: DirectoryTree.none, name: place, origin: origin.number, stamp: 0, retirement: 0)
        guard let index = nodes.insert(node) else {
            releaseName(place)
            return nil
        }
        while generations.count <= Int(index) { generations.append(0) }
        if sibling != DirectoryTree.none { nodes[sibling].previousSibling = index }
        if let parent, let hash {
            nodes[parent].firstChild = index
            slots.insert(index, hash: hash)
        }
        return index
    }

    private mutating func remove(_ index: UInt32) {
        let node = nodes[index]
        if node.parent == DirectoryTree.none {
            roots[OriginID(node.origin)] = nil
        } else {
            if node.previousSibling != DirectoryTree.none {
                nodes[node.previousSibling].nextSibling = node.nextSibling
            } else {
                nodes[node.parent].firstChild = node.nextSibling
            }
            if node.nextSibling != DirectoryTree.none {
                nodes[node.nextSibling].previousSibling = node.previousSibling
            }
            var probe = slots.probe(nameHash(names.name(at: node.name), below: node.parent))
            while let position = slots.next(&probe) {
                if slots[position] == index {
                    slots.remove(at: position)
                    break
                }
            }
        }
        nodes.remove(index)
        generations[Int(index)] &+= 1
        releaseName(node.name)
    }

    private mutating func makeRoom(for hash: UInt64) -> Bool {
        // Taken out: nodes and names are read meanwhile.
        var table = ExtendibleTable()
        swap(&table, &slots)
        defer { swap(&table, &slots) }
        return table.makeRoom(for: hash) { node in
            nameHash(names.name(at: nodes[node].name), below: nodes[node].parent)
        }
    }

    private mutating func releaseName(_ place: UInt32) {
        names.release(place)
        guard names.isWasteful else { return }
        var fresh = NameArena()
        var position: UInt32 = 0
        while let index = nodes.next(from: position) {
            guard let moved = fresh.append(names.name(at: nodes[index].name)) else {
                preconditionFailure("names need more room packed than scattered")
            }
            nodes[index].name = moved
            position = index + 1
        }
        names = fresh
    }

    /// The components of a path, one after the other.
    private struct Components {
        private var rest: UnsafeRawBufferPointer

        init(_ path: UnsafeRawBufferPointer) { rest = path }

        mutating func next() -> UnsafeRawBufferPointer? {
            while !rest.isEmpty {
                let end = rest.firstIndex(of: 0x2F) ?? rest.count
                let component = UnsafeRawBufferPointer(rebasing: rest[..<end])
                rest = UnsafeRawBufferPointer(rebasing: rest[min(end + 1, rest.count)...])
                if !component.isEmpty { return component }
            }
            return nil
        }
    }
}
