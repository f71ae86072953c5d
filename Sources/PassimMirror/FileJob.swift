internal import PassimCore

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
        /// Read it even where the index has exactly this file by now.
        static let written = Marks(rawValue: 8)
    }

    init(_ block: NameBlock, at offset: UInt32, size: UInt64, marks: Marks) {
        self.block = block
        self.offset = offset
        self.size = size
        self.marks = marks
    }

    var walk: Walk { block.directory.walk }
    var origin: Origin { block.directory.walk.origin }
    /// Nobody waits for it any more.
    var isAbandoned: Bool { marks.contains(.recheck) ? origin.isRemoved : walk.isCancelled }
    var name: RawName { block.name(at: offset) }
    var path: RawName { block.directory.path.appending(name) }
}
