/// A directory to list: a name in a block, or the block's directory itself.
struct DirectoryJob {
    private let block: NameBlock
    private let offset: UInt32
    var tries: UInt8 = 0

    /// The directory `name(at: offset)` of a block.
    init(_ block: NameBlock, at offset: UInt32) {
        self.block = block
        self.offset = offset
    }

    /// A directory that has a node already: a root, or one that is tried again.
    init(_ node: DirectoryNode, tries: UInt8 = 0) {
        block = NameBlock(directory: node)
        offset = .max
        self.tries = tries
    }

    var walk: Walk { block.directory.walk }

    func makeNode() -> DirectoryNode {
        if offset == .max { return block.directory }
        return DirectoryNode(
            walk: block.directory.walk, parent: block.directory, name: block.name(at: offset))
    }
}
