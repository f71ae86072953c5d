internal import PassimCore

extension IndexWriter {
    /// Begins a visit; one of the same directory that is under way is void from now on.
    func beginVisit(_ directory: DirectoryID) -> VisitID {
        visitNumber += 1
        use(directory)
        if tree.withLock({ $0.value.index(of: directory) }) != nil {
            visits[directory] = VisitMarks(number: visitNumber)
        }
        return VisitID(directory: directory, number: visitNumber)
    }

    /// Compares a file with what is known, and marks it as met if it is `identity`; nil is any.
    ///
    /// A void visit compares and marks nothing: what it has read may be older than the visit that took its place.
    func see(_ visit: VisitID, _ name: RawName, _ identity: FileIdentity?) -> Bool {
        guard let table = table(of: visit.directory) else { return false }
        return name.bytes.withUnsafeBytes { bytes in
            guard let position = position(of: bytes, nameHash(bytes), in: table) else { return false }
            if let identity, entry(table.slots[position]).identity != identity { return false }
            marks(of: visit)?.insert(position)
            return true
        }
    }

    /// Removal of what a visit has not met.
    struct VisitSweep {
        fileprivate let visit: VisitID
        fileprivate var cursor = ExtendibleTable.Cursor()
    }

    /// Ends the visit at once, or after the sweep.
    ///
    /// - Returns: the sweep; nil if there is none to be made.
    func endVisit(_ visit: VisitID, sweeping: Bool) -> VisitSweep? {
        guard marks(of: visit) != nil else { return nil }
        if sweeping, table(of: visit.directory) != nil { return VisitSweep(visit: visit) }
        visits[visit.directory] = nil
        return nil
    }

    /// A piece of a sweep. What is inserted between pieces counts as met; another visit that begins ends the sweep.
    ///
    /// - Returns: whether it was the last.
    func advance(_ sweep: inout VisitSweep, _ transaction: inout Transaction) -> Bool {
        let directory = sweep.visit.directory
        guard let marks = marks(of: sweep.visit) else { return true }
        if let table = table(of: directory) {
            let start = sweep.cursor
            var left = limits.piece
            while left > 0, let filled = table.slots.next(&sweep.cursor) {
                left -= 1
                if !marks.contains(filled) {
                    remove(at: filled, from: table, of: directory, &transaction)
                }
            }
            trim(table, of: directory, from: start, to: left > 0 ? nil : sweep.cursor)
            if left == 0 { return false }
        }
        visits[directory] = nil
        return true
    }

    private func marks(of visit: VisitID) -> VisitMarks? {
        guard let marks = visits[visit.directory], marks.number == visit.number else { return nil }
        return marks
    }

    /// Whatever comes while a visit is under way counts as met by it.
    func noteArrival(at position: UInt32, in directory: DirectoryID) {
        if !visits.isEmpty { visits[directory]?.insert(position) }
    }
}
