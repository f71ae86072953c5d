package import PassimCore

extension DigestIndex {
    /// Begins a pass over all files of an origin. Passes may overlap, those of one origin too.
    package func beginPass(origin: OriginID) -> PassID {
        writer.withLock { $0.beginPass(origin: origin) }
    }

    /// Compares what a pass has found in a directory with what is known.
    ///
    /// - Returns: for each file, true where the index has exactly this identity under this name: the file
    ///   counts as seen then.
    package func reconcile(
        directory: DirectoryID, pass: PassID, files: [(name: RawName, identity: FileIdentity)]
    ) -> [Bool] {
        var known: [Bool] = []
        known.reserveCapacity(files.count)
        inPieces(files, of: directory) { catalogue, file in
            known.append(catalogue.see(directory, file.name, file.identity))
        }
        return known
    }

    /// Marks as seen whatever is known under these names.
    package func markSeen(directory: DirectoryID, pass: PassID, names: [RawName]) {
        inPieces(names, of: directory) { catalogue, name in
            _ = catalogue.see(directory, name, nil)
        }
    }

    /// Ends a pass: removes the files of its origin that were neither seen nor inserted since it began.
    ///
    /// - Parameter path: the directory that the pass was about, and all below it; empty for the whole origin.
    /// - Returns: how many; 0 where the pass has ended before.
    @discardableResult
    package func endPass(_ pass: PassID, below path: RawName = .empty) -> Int {
        let sweep = writer.withLock { $0.endPass(pass) ? $0.sweep(pass, below: path) : nil }
        return sweep.map { run($0) } ?? 0
    }

    /// Ends a pass that did not get to its end, and removes nothing.
    package func abandonPass(_ pass: PassID) {
        writer.withLock { _ = $0.endPass(pass) }
    }

    /// A directory may have a million files: other writers get a turn now and then.
    func inPieces<Element>(
        _ elements: [Element], of directory: DirectoryID, _ body: (Catalogue, Element) -> Void
    ) {
        var rest = elements[...]
        repeat {
            let piece = rest.prefix(limits.piece)
            rest = rest.dropFirst(piece.count)
            writer.withLock { catalogue in
                catalogue.use(directory)
                for element in piece { body(catalogue, element) }
            }
        } while !rest.isEmpty
    }
}
