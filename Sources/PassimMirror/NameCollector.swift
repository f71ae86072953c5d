internal import PassimCore
internal import PassimSystem

/// Gathers names into blocks of at most `Limits.batchSize`.
struct NameCollector {
    private let directory: DirectoryNode
    private var bytes: [UInt8] = []
    private var count = 0
    /// The full ones.
    private(set) var blocks: [NameBlock] = []

    init(directory: DirectoryNode) {
        self.directory = directory
    }

    /// - Returns: the name's offset in the block that is being filled.
    @discardableResult
    mutating func add(_ name: UnsafeRawBufferPointer, _ kind: DirectoryListing.Kind) -> UInt32 {
        if count == Limits.batchSize { seal() }
        let offset = UInt32(bytes.count)
        bytes.append(NameBlock.byte(kind))
        bytes.append(contentsOf: name)
        bytes.append(0)
        count += 1
        return offset
    }

    @discardableResult
    mutating func add(_ name: RawName, _ kind: DirectoryListing.Kind) -> UInt32 {
        name.bytes.withUnsafeBytes { add($0, kind) }
    }

    /// All blocks, the last one too.
    mutating func finish() -> [NameBlock] {
        if count > 0 { seal() }
        defer { blocks = [] }
        return blocks
    }

    private mutating func seal() {
        // To size: what grew by doubling would keep up to as much again for as long as the names wait.
        let exact = [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, filled in
            filled = buffer.initialize(fromContentsOf: bytes)
        }
        blocks.append(NameBlock(directory: directory, bytes: exact, count: count))
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }
}
