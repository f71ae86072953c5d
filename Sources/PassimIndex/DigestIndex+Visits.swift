package import PassimCore

extension DigestIndex {
    /// Begins a visit of a directory: of its own files, not of those below it. A visit of the same directory that has
    /// not ended is void: it marks and removes nothing more.
    ///
    /// Each visit is to be ended, whatever became of it; until then it takes a bit for each file of the directory.
    package func beginVisit(_ directory: DirectoryID) -> VisitID {
        writer.withLock { $0.beginVisit(directory) }
    }

    /// Compares what a visit has found with what is known.
    ///
    /// - Returns: for each file, true if the index has exactly this identity under this name: the visit has met it then.
    package func see(_ visit: VisitID, files: [(name: RawName, identity: FileIdentity)]) -> [Bool] {
        var known: [Bool] = []
        known.reserveCapacity(files.count)
        inPieces(files, of: visit.directory) { writer, file in
            known.append(writer.see(visit, file.name, file.identity))
        }
        return known
    }

    /// Keeps what is known under these names, if anything, whatever it is: the visit has met it.
    package func markSeen(_ visit: VisitID, names: [RawName]) {
        inPieces(names, of: visit.directory) { writer, name in
            _ = writer.see(visit, name, nil)
        }
    }

    /// Ends a visit.
    ///
    /// - Parameter sweeping: whether to remove the directory's own files that were neither met nor inserted since the
    ///   visit began.
    /// - Returns: how many were removed; 0 if the visit was void or had ended.
    @discardableResult
    package func endVisit(_ visit: VisitID, sweeping: Bool) -> Int {
        guard var sweep = writer.withLock({ $0.endVisit(visit, sweeping: sweeping) }) else { return 0 }
        return removeInPieces { $0.advance(&sweep, &$1) }
    }

    /// A directory may have a million files: other writers get a turn now and then.
    private func inPieces<Element>(
        _ elements: [Element], of directory: DirectoryID, _ body: (IndexWriter, Element) -> Void
    ) {
        var rest = elements[...]
        repeat {
            let piece = rest.prefix(limits.piece)
            rest = rest.dropFirst(piece.count)
            writer.withLock { writer in
                writer.use(directory)
                for element in piece { body(writer, element) }
            }
        } while !rest.isEmpty
    }
}
