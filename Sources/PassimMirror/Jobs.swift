internal import PassimCore

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

/// Files of one directory to compare with the index and with their stamps.
struct BatchJob {
    let block: NameBlock
    var tries: UInt8 = 0

    var walk: Walk { block.directory.walk }
}

/// A file to hash. 24 bytes: there may be a million.
struct FileJob {
    let block: NameBlock
    /// When it was queued: decides its turn.
    let size: UInt64
    let offset: UInt32
    var marks: Marks
    /// How often it changed while it was hashed.
    var tries: UInt8 = 0
    /// How often it was too young.
    var waits: UInt8 = 0

    struct Marks: OptionSet {
        let rawValue: UInt8

        /// The walk is not over before this file.
        static let counts = Marks(rawValue: 1)
        /// In the table of re-checks, to be taken out at the end.
        static let recheck = Marks(rawValue: 2)
        /// Its bytes may have changed behind an unchanged stamp: nothing written before is believed.
        static let distrusted = Marks(rawValue: 4)
    }

    init(_ block: NameBlock, at offset: UInt32, size: UInt64, marks: Marks) {
        self.block = block
        self.offset = offset
        self.size = size
        self.marks = marks
    }

    var walk: Walk { block.directory.walk }
    var origin: Origin { block.directory.walk.origin }
    var name: RawName { block.name(at: offset) }
    var path: RawName { block.directory.path.appending(name) }
}

/// One turn of a worker.
enum Work {
    case pass(Origin)
    case recheck(Origin, RawName)
    case directory(DirectoryJob)
    case batch(BatchJob)
    /// All of one block.
    case files([FileJob])
}

/// What may have to wait for its time.
enum DelayedWork {
    case pass(Origin)
    /// A pass, if no other one was scheduled since.
    case rescan(Origin, schedule: Int)
    case recheck(Origin, RawName)
    case directory(DirectoryJob)
    case batch(BatchJob)
    case file(FileJob)

    var origin: Origin {
        switch self {
        case .pass(let origin), .rescan(let origin, _), .recheck(let origin, _): origin
        case .directory(let job): job.walk.origin
        case .batch(let job): job.walk.origin
        case .file(let job): job.origin
        }
    }
}
