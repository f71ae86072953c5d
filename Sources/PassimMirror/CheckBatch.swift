internal import PassimConfig
internal import PassimCore
internal import PassimIndex
internal import PassimSystem

/// What the check of one block of names finds; applied at its end in one go.
struct CheckBatch {
    let walk: Walk
    let directory: DirectoryID
    let node: DirectoryNode
    private let rechecks: RecheckTable
    private var path: RelativePath
    private var volume: Volume?

    private(set) var changes: [Change] = []
    /// Names that are there, whatever becomes of them.
    private(set) var seen: [RawName] = []
    /// Files that the store is to be asked about, as they were when they were opened.
    var unstamped: [(name: RawName, identity: FileIdentity, volume: Volume)] = []
    /// Directories whose kind the listing did not tell.
    var subdirectories: NameCollector
    private(set) var trustedAttributes = 0
    private(set) var trustedStore = 0
    private var pending: NameCollector
    private var pendingFiles: [(offset: UInt32, size: UInt64, marks: FileJob.Marks)] = []

    init(_ node: DirectoryNode, _ path: RawName, _ directory: DirectoryID, _ rechecks: RecheckTable) {
        walk = node.walk
        self.node = node
        self.directory = directory
        self.rechecks = rechecks
        self.path = RelativePath(in: path)
        subdirectories = NameCollector(directory: node)
        pending = NameCollector(directory: node)
    }

    /// Whether somebody is looking at this file already.
    mutating func isRechecked(_ name: RawName) -> Bool {
        !rechecks.isEmpty && rechecks.contains(path.path(of: name))
    }

    mutating func accepts(_ name: RawName) -> Bool {
        name.bytes.withUnsafeBytes { path.with($0) { walk.dropIn.acceptsBelow($0) } }
    }

    mutating func enters(_ name: RawName) -> Bool {
        name.bytes.withUnsafeBytes { path.with($0) { walk.dropIn.entersBelow($0) } }
    }

    /// The names of which the index hears something.
    var changedNames: [RawName] {
        changes.compactMap { change in
            switch change {
            case .insert(_, let name, _, _, _), .remove(_, let name): name
            case .drop: nil
            }
        }
    }

    mutating func noteSeen(_ name: RawName) {
        seen.append(name)
    }

    /// The file system of an open file: all of them are in one directory.
    mutating func volume(
        of file: borrowing Descriptor, _ identity: FileIdentity, _ volumes: VolumeTable
    ) -> Volume {
        if let volume, volume.device == identity.device { return volume }
        let found = volumes.volume(of: file, device: identity.device)
        volume = found
        return found
    }

    /// Where a digest that is believed comes from.
    enum Source { case attributes, rows }

    mutating func trust(_ digest: Digest, _ source: Source, _ name: RawName, _ identity: FileIdentity) {
        switch source {
        case .attributes: trustedAttributes += 1
        case .rows: trustedStore += 1
        }
        changes.append(
            .insert(directory: directory, name: name, digest: digest, identity: identity, flags: []))
    }

    mutating func remove(_ name: RawName) {
        changes.append(.remove(directory: directory, name: name))
    }

    mutating func path(of name: RawName) -> RawName { path.path(of: name) }

    /// A file that is known under this name and is not there any more.
    mutating func removeIfKnown(_ name: RawName, _ index: DigestIndex) {
        if index.entry(directory: directory, name: name) != nil { remove(name) }
    }

    /// To be hashed.
    ///
    /// - Parameter isRecheck: on its own, in the table of those; else the walk waits for it.
    mutating func queue(_ name: RawName, size: UInt64, distrusted: Bool, isRecheck: Bool = false) {
        var marks: FileJob.Marks = isRecheck ? .recheck : .counts
        if distrusted { marks.insert(.distrusted) }
        pendingFiles.append((pending.add(name, .regular), size, marks))
    }

    /// A name that could not be looked at.
    mutating func failed(_ name: RawName, _ error: SystemError) {
        switch error.meaning {
        case .gone:
            // Else it goes when all is listed.
            if walk.scope == .names { remove(name) }
        case .forbidden:
            if walk.scope == .names { remove(name) }
            walk.noteUnreadable("\(path.path(of: name)): \(error.code.sentence)")
        case .shortage, .fault:
            seen.append(name)
            walk.noteUnreadable("\(path.path(of: name)): \(error.code.sentence)", passing: true)
        }
    }

    mutating func jobs() -> [FileJob] {
        // A block of names makes one block of pending names at most.
        guard let block = pending.finish().first else { return [] }
        return pendingFiles.map { FileJob(block, at: $0.offset, size: $0.size, marks: $0.marks) }
    }
}
